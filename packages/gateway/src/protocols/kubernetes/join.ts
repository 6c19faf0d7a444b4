import { once } from "node:events";
import type { Duplex } from "node:stream";
import type { SessionEnd } from "../../gate/gate.ts";
import { codeOf, Cut } from "../../gate/web/relay.ts";
import type { Follower, Streams } from "./streams.ts";

/** How long a client may take to read why it was cut, milliseconds. */
const farewell = 1000;

/** Why a stream was cut, for its client to read. */
const words: Readonly<Record<string, string>> = {
  channel_unknown: "a channel was used that this request did not ask for",
  stdin_not_granted: "standard input is not granted",
  port_not_granted: "the port is not granted",
  frame_too_large: "a frame was larger than 1 MiB",
  frames_malformed: "what came was no frame of the protocol",
  too_many_streams: "there are more connections than one port-forward takes",
  upstream_failed: "the cluster went away",
  log_unavailable: "what passed could not be recorded",
};

/**
 * Joins a client and the cluster until one of them goes, what passes may not, or the grant ends: then the client is
 * told, and both sides close.
 * @returns why it was cut, as a code; undefined when it ended by itself
 */
export function join(
  client: Duplex,
  upstream: Duplex,
  streams: Streams,
  ended: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let over = false;
    let telling: Promise<void> = Promise.resolve();
    const stop = new AbortController();

    const finish = (code?: string): void => {
      if (over) return;
      over = true;
      ended.removeEventListener("abort", cut);
      stop.abort();
      // The command ends with its stream: a terminal hangs up, and what reads or writes finds nobody there.
      upstream.destroy();
      const why =
        code === "grant_ended" ? (ended.reason as SessionEnd).reason : (words[code ?? ""] ?? code ?? "");
      telling =
        code === undefined || code === "client_gone"
          ? telling
          : streams.farewell(`Mayfly: ${why}`).then((bytes) => void client.write(bytes));
      const close = (): void => {
        client.end();
        const timer = setTimeout(() => client.destroy(), farewell);
        timer.unref();
        client.once("close", () => clearTimeout(timer));
        client.resume();
        streams.close();
        resolve(code);
      };
      telling.then(close, close);
    };
    const cut = (): void => {
      const { reason } = ended.reason as SessionEnd;
      finish(reason === "the client went away" ? "client_gone" : "grant_ended");
    };

    const pump = async (from: Duplex, to: Duplex, follower: Follower): Promise<void> => {
      for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        if (over) return;
        const pieces = await follower.take(chunk);
        if (over) return;
        let flowing = true;
        to.cork();
        for (const piece of pieces) flowing = to.write(piece);
        to.uncork();
        if (!flowing) await once(to, "drain", { signal: stop.signal });
      }
    };
    const run = (from: Duplex, to: Duplex, follower: Follower): void => {
      pump(from, to, follower).then(
        () => finish(),
        (error: unknown) => {
          if (over) return;
          if (error instanceof Cut) finish(error.code);
          else if (error instanceof Error && "code" in error && error.code === "log_unavailable")
            finish("log_unavailable");
          else finish(from === client || client.destroyed ? "client_gone" : codeOf(error));
        },
      );
    };
    client.on("error", () => finish("client_gone"));
    upstream.on("error", () => finish("upstream_failed"));
    client.once("close", () => finish("client_gone"));
    run(upstream, client, streams.down);
    run(client, upstream, streams.up);
    if (ended.aborted) cut();
    else ended.addEventListener("abort", cut, { once: true });
  });
}
