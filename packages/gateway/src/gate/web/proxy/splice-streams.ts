import type { Duplex } from "node:stream";
import { MAX_TURN_BYTES } from "../../bounds.ts";
import { endOf } from "../../gate.ts";
import { FrameError } from "../websocket/frames.ts";
import { codeOf } from "./relay.ts";

/** Follows one direction of a stream: bytes in, the bytes that may go on out. */
export interface Follower {
  /** Calls do not overlap. @throws Cut or FrameError when what came may not go on */
  feed(chunk: Buffer): readonly Buffer[] | Promise<readonly Buffer[]>;
}

/** Two connections that become one stream. */
export interface SplicedStreams {
  readonly client: Duplex;
  readonly upstream: Duplex;
  /** From the client. */
  readonly up: Follower;
  /** From the upstream. */
  readonly down: Follower;
  /** The session's own signal. */
  readonly ended: AbortSignal;
  /** What tells the client that it is over and why; undefined: nothing can be told now. */
  readonly lastWords: (code: string) => Buffer | undefined;
}

/** How long a client may take to read why it was cut. */
const CLOSE_GRACE_MS = 1000;

/** Reasons for which one direction is not read now. */
const FULL = 1;
const TURN_OVER = 2;
const FOLLOWING = 4;

/** What a failure is called in the outcome's record. */
function nameOf(error: unknown): string {
  if (error instanceof FrameError) return error.code;
  const isUnrecorded = error instanceof Error && "code" in error && error.code === "log_unavailable";
  return isUnrecorded ? "log_unavailable" : codeOf(error);
}

/**
 * Joins a client and the upstream until one of them goes, what passes may not, or the grant ends: then the client is
 * told, and both sides close.
 * @returns why it was cut, as a code; undefined when it ended by itself
 */
export function spliceStreams({
  client,
  upstream,
  up,
  down,
  ended,
  lastWords,
}: SplicedStreams): Promise<string | undefined> {
  return new Promise((resolve) => {
    let isOver = false;

    const finish = (code?: string): void => {
      if (isOver) return;
      isOver = true;
      ended.removeEventListener("abort", cut);
      // What runs upstream ends with its stream: a terminal hangs up, and what reads or writes finds nobody there.
      upstream.destroy();
      const words = code === undefined || code === "client_gone" ? undefined : lastWords(code);
      if (words === undefined) client.end();
      else client.end(words);
      const timer = setTimeout(() => client.destroy(), CLOSE_GRACE_MS);
      timer.unref();
      client.once("close", () => clearTimeout(timer));
      client.resume();
      resolve(code);
    };
    const cut = (): void => finish(endOf(ended)?.cause === "client_gone" ? "client_gone" : "grant_ended");

    const pump = (from: Duplex, to: Duplex, follower: Follower): void => {
      let stopped = 0;
      let inTurn = 0;
      const stop = (why: number): void => {
        if (stopped === 0) from.pause();
        stopped |= why;
      };
      const goOn = (why: number): void => {
        stopped &= ~why;
        if (stopped === 0 && !isOver) from.resume();
      };
      const drained = (): void => goOn(FULL);
      const turnOver = (): void => {
        inTurn = 0;
        goOn(TURN_OVER);
      };
      const write = (pieces: readonly Buffer[]): void => {
        if (isOver || pieces.length === 0) return;
        let isFlowing = true;
        if (pieces.length > 1) to.cork();
        for (const piece of pieces) isFlowing = to.write(piece);
        if (pieces.length > 1) to.uncork();
        if (isFlowing || (stopped & FULL) !== 0) return;
        stop(FULL);
        to.once("drain", drained);
      };
      const failed = (error: unknown): void => finish(nameOf(error));
      from.on("data", (chunk: Buffer) => {
        if (isOver) return;
        // Small frames cost as much as large ones: one connection has its part of a turn of the loop, and no more.
        if (inTurn === 0) setImmediate(turnOver);
        inTurn += chunk.length;
        if (inTurn >= MAX_TURN_BYTES) stop(TURN_OVER);
        try {
          const onward = follower.feed(chunk);
          if (onward instanceof Promise) {
            stop(FOLLOWING);
            onward.then((pieces): undefined => {
              write(pieces);
              goOn(FOLLOWING);
              return undefined;
            }, failed);
          } else write(onward);
        } catch (error) {
          failed(error);
        }
      });
      from.once("end", () => finish());
      // A stream that was taken over from a connection is paused.
      from.resume();
    };
    client.on("error", () => finish("client_gone"));
    client.once("close", () => finish("client_gone"));
    upstream.on("error", () => finish("upstream_failed"));
    upstream.once("close", () => finish("upstream_failed"));
    pump(upstream, client, down);
    pump(client, upstream, up);
    if (ended.aborted) cut();
    else ended.addEventListener("abort", cut, { once: true });
  });
}
