import type { Socket } from "node:net";
import type { Session, SessionEnd } from "../../gate/gate.ts";
import type { NamedScope } from "../../gate/protocol.ts";
import { messageOf } from "../../kernel/errors.ts";
import type { PostgresAct } from "./act.ts";
import { endedResponse } from "./denials.ts";
import { createCarry, type, WireError } from "./framing.ts";
import { errorResponse, sync, terminate } from "./messages.ts";
import { judgeOf } from "./guard/verdicts.ts";
import { createOperations } from "./operations.ts";
import { createResponses } from "./responses.ts";
import { tablesOf } from "./quoted-rows.ts";
import type { PostgresScope } from "./scope.ts";
import type { SessionOptions } from "./session.ts";
import { createShared } from "./shared.ts";
import type { Target } from "./target.ts";
import { cancelUpstream, type Upstream } from "./upstream.ts";

/** Two sockets and the session between them. */
export interface RelayOptions extends SessionOptions {
  readonly client: Socket;
  readonly upstream: Upstream;
  readonly target: Target;
  readonly session: Session<PostgresAct>;
  readonly pinned: ReadonlyMap<string, string>;
  /** Whether the database's errors must not quote rows. */
  readonly hideQuotes: boolean;
  /** Whether plans would show what is hidden. */
  readonly hidesPlans: boolean;
}

/** How long the last words, a cancel request and the sockets' end may take, milliseconds. */
const farewell = 1000;
/** How long the rest of a message that is half way to the client may take, milliseconds. */
const restOfMessage = 500;

/**
 * Relays between a client that is logged in and its server until one of them, or the grant, ends.
 * @returns the key with which the client may ask to cancel
 */
export function startRelay(options: RelayOptions): { readonly key: Buffer } {
  const { client, upstream, target, session, clock, pinned, judging, memory } = options;
  const who = session.principal;
  const scopes = session.scopes as readonly NamedScope<PostgresScope>[];
  const judge = judgeOf(scopes, target.search_path);
  const granted = tablesOf(scopes);
  const server = upstream.socket;
  const shared = createShared();
  const carry = createCarry();
  /** Why the client is not read: its next message waits for answers, or the server takes no more. */
  let waiting = false;
  let full = false;
  let leaving = false;
  let ending = false;
  /** Cancels the judging of the text that the client's next message holds. */
  let stopJudging: (() => void) | undefined;
  let cancelling = false;
  /** Said to the client when the message under way is complete. */
  let lastWords: Buffer | undefined;

  const forward = (bytes: Buffer): void => {
    if (!client.write(bytes)) server.pause();
  };
  const responses = createResponses({
    shared,
    forward,
    complete: (permit, outcome) => session.complete(permit, outcome),
    pinned,
    hideQuotes: options.hideQuotes,
    isGranted: (table) => granted.has(table),
  });
  const operations = createOperations({
    shared,
    texts: options.texts,
    messageBytes: options.messageBytes,
    judge: (act, detail) => session.judge(act, detail),
    ahead: (text) => {
      if (judging === undefined) return true;
      const answer = judging.ahead(who, judge, text, () => {
        stopJudging = undefined;
        if (ending) return;
        try {
          proceed();
        } catch (error) {
          fail(error);
        }
      });
      if (answer === true) return true;
      stopJudging = answer;
      return false;
    },
    largeWait: () => memory.time.wait(who),
    largeTook: (milliseconds) => memory.time.spend(who, milliseconds),
    hidesPlans: options.hidesPlans,
    heldByPrincipal: () => memory.heldBy(who),
  });
  const inbound = memory.inbound(who, clock);
  const forget = memory.join(who, () => shared.statements.weight + shared.portals.weight);
  const { held } = operations;

  const cancel = (): Promise<void> => {
    if (cancelling) return Promise.resolve();
    cancelling = true;
    return cancelUpstream(target, upstream, clock, farewell).finally(() => {
      cancelling = false;
    });
  };
  const registered = options.cancels.register(() => void cancel());

  /** Whether nothing is needed of the server any more, once the message under way is complete. */
  let serverDone = false;

  const endServer = (): void => {
    if (shared.expected.length === 0 && !server.destroyed) {
      server.end(terminate, () => server.destroy());
      return;
    }
    // Whatever runs is cancelled first: a backend only sees a closed socket once it writes to it.
    void cancel().finally(() => {
      serverDone = true;
      if (responses.openBytes === 0) server.destroy();
    });
  };

  /** The message under way is complete: the client can be told why this ends. */
  const sayLastWords = (): void => {
    if (serverDone) server.destroy();
    if (lastWords === undefined) return;
    // The client reads them before it sees the end: a socket destroyed at once could take them with it.
    client.end(lastWords);
    client.resume();
    lastWords = undefined;
  };

  /** The one way out. Later calls do nothing. */
  const end = (why: string, error: string, last?: Buffer): void => {
    if (ending) return;
    ending = true;
    registered.forget();
    stopJudging?.();
    inbound.end();
    forget();
    held.parts.length = 0;
    held.permits.length = 0;
    client.pause();
    const unschedule = clock.schedule(farewell, () => {
      client.destroy();
      server.destroy();
    });
    client.once("close", () => {
      if (server.destroyed) unschedule();
    });
    responses.finishMessage();
    endServer();
    responses.abandon(error);
    if (last === undefined || client.destroyed) {
      client.destroy();
    } else {
      lastWords = last;
      if (responses.openBytes === 0) {
        sayLastWords();
      } else {
        server.resume();
        const stop = clock.schedule(restOfMessage, () => {
          client.destroy();
          server.destroy();
        });
        client.once("close", stop);
      }
    }
    session.close(why);
  };

  /** A fault of either peer, or of ours: it ends this session and no other. */
  const fail = (thrown: unknown): void => {
    const known = thrown instanceof WireError;
    const code = known ? thrown.code : "XX000";
    const message = known ? thrown.message : "the gateway failed while serving this session";
    end(known ? message : messageOf(thrown), code, errorResponse({ severity: "FATAL", code, message }));
  };

  const leave = (): void => {
    const { parts, permits } = held;
    for (const permit of permits) permit.spend();
    permits.length = 0;
    if (!full) inbound.left();
    if (parts.length === 0) return;
    let room = true;
    if (parts.length === 1 && parts[0] !== undefined) {
      room = server.write(parts[0]);
    } else {
      server.cork();
      for (const part of parts) room = server.write(part);
      server.uncork();
    }
    parts.length = 0;
    if (!room && !full) {
      full = true;
      client.pause();
    }
    if (leaving) server.end();
  };

  const empty = Buffer.alloc(0);
  const read = (chunk: Buffer): void => {
    const bytes = carry.length === 0 ? chunk : carry.add(chunk);
    let { taken, stopped } = operations.take(bytes);
    // After an error the server discards up to Sync: what is waited for may be an answer that never comes.
    while (responses.discard() && stopped === "waiting") {
      const more = operations.take(bytes.subarray(taken));
      taken += more.taken;
      stopped = more.stopped;
    }
    if (taken === bytes.length) {
      if (carry.length > 0) carry.keep(empty);
    } else if (taken > 0 || carry.length === 0) carry.keep(bytes.subarray(taken));
    waiting = stopped !== "no" && stopped !== "terminated";
    if (waiting) client.pause();
    if (stopped === "yielding") setImmediate(again);
    if (stopped === "throttled") clock.schedule(memory.time.wait(who), again);
    if (!waiting && !inbound.hasRoom(taken === bytes.length ? empty : bytes.subarray(taken), again)) {
      waiting = true;
      client.pause();
    }
    if (stopped === "terminated") {
      leaving = true;
      client.pause();
    }
    if (held.permits.length === 0) leave();
  };

  /** The other sessions have had their turn. */
  const again = (): void => {
    if (ending) return;
    try {
      proceed();
    } catch (error) {
      fail(error);
    }
  };

  const proceed = (): void => {
    if (waiting && stopJudging === undefined) {
      waiting = false;
      read(empty);
    }
    if (!waiting && !full && !leaving && !ending) client.resume();
  };

  session.attach({
    leave() {
      if (!ending) leave();
    },
    refuse(denial) {
      if (ending) return;
      operations.refuseHeld(denial);
      leave();
    },
  });
  client.on("data", (chunk: Buffer) => {
    if (ending || leaving) return;
    try {
      read(chunk);
    } catch (error) {
      fail(error);
    }
  });
  client.on("drain", () => server.resume());
  client.on("close", () => end("the client went away", "08006"));
  client.on("end", () => {
    if (!leaving) end("the client went away", "08006");
  });
  client.on("error", () => undefined);
  server.on("data", (chunk: Buffer) => {
    try {
      responses.take(chunk);
      if (shared.syncOwed) {
        shared.syncOwed = false;
        shared.expected.add({ kind: type.sync, refusal: undefined });
        server.write(sync);
      }
      if (waiting) proceed();
    } catch (error) {
      fail(error);
    }
    if (ending && responses.openBytes === 0) sayLastWords();
  });
  server.on("drain", () => {
    full = false;
    inbound.left();
    proceed();
  });
  server.on("error", () => undefined);
  server.on("close", () => {
    if (leaving) end("the client ended the session", "08006");
    else {
      end(
        "the database closed the connection",
        "08006",
        errorResponse({
          severity: "FATAL",
          code: "08006",
          message: "the database closed the connection",
          hint: "connect again; the grant is unchanged",
        }),
      );
    }
  });
  const ended = (): void => {
    const { reason } = session.ended.reason as SessionEnd;
    end(reason, "57P01", endedResponse(reason));
  };
  if (session.ended.aborted) ended();
  else session.ended.addEventListener("abort", ended, { once: true });
  client.resume();
  server.resume();
  return { key: registered.key };
}
