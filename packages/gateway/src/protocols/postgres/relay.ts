import type { Socket } from "node:net";
import type { Outcome, Session, SessionEnd } from "../../gate/gate.ts";
import type { Permit } from "../../gate/permit.ts";
import type { NamedScope } from "../../gate/protocol.ts";
import { remaining, type Deadline } from "../../kernel/clock.ts";
import { messageOf } from "../../kernel/errors.ts";
import type { PostgresAct } from "./act.ts";
import { endedResponse } from "./denials.ts";
import { createCarry, type, WireError } from "./framing.ts";
import { errorResponse, sync, terminate } from "./messages.ts";
import type { DatabaseFacts } from "./guard/database.ts";
import { judgeOf } from "./guard/verdicts.ts";
import { createOperations } from "./operations.ts";
import { createResponses } from "./responses.ts";
import { tablesOf } from "./quoted-rows.ts";
import type { PostgresScope } from "./scope.ts";
import type { SessionOptions } from "./session.ts";
import { createShared, isAtRest } from "./shared.ts";
import type { Target } from "./target.ts";
import { limitMessages, type TimeLimits } from "./time-limits.ts";
import { cancelUpstream, type Upstream } from "./upstream.ts";

/** Two sockets and the session between them. */
export interface RelayOptions extends SessionOptions {
  readonly client: Socket;
  readonly upstream: Upstream;
  readonly target: Target;
  readonly session: Session<PostgresAct>;
  readonly pinned: ReadonlyMap<string, string>;
  /** What the database was found to have beside what is granted. */
  readonly database: DatabaseFacts;
  /** Whether the database's errors must not quote rows. */
  readonly hideQuotes: boolean;
  readonly limits: TimeLimits;
  readonly deadline: Deadline;
  /** Whether plans would show what is hidden. */
  readonly hidesPlans: boolean;
}

/** How long the last words and the sockets' end may take, milliseconds. */
const farewell = 1000;
/** How long a client's cancel request may take, and its next statement waits for it, milliseconds. */
const CANCEL_MS = 2000;
/** How long what the server says past the deadline waits for the gate to say that the grant is over, milliseconds. */
const LATE_MS = 200;
/** How long a backend whose connection was cut is cancelled and terminated, milliseconds. */
const CUT_MS = 3000;
/** ReadyForQuery outside of a transaction block, in one, and in one that has failed. */
const IDLE = 0x49;
const IN_TRANSACTION = 0x54;
const IN_FAILED = 0x45;
/** How long the rest of a message that is half way to the client may take, milliseconds. */
const restOfMessage = 500;

/**
 * Relays between a client that is logged in and its server until one of them, or the grant, ends.
 * @returns the key with which the client may ask to cancel
 */
export function startRelay(options: RelayOptions): { readonly key: Buffer } {
  const { client, upstream, target, session, clock, pinned, database, judging, memory } = options;
  const who = session.principal;
  const scopes = session.scopes as readonly NamedScope<PostgresScope>[];
  const judge = judgeOf(scopes, target.search_path, database);
  const granted = tablesOf(scopes);
  const server = upstream.socket;
  const shared = createShared();
  const carry = createCarry();
  /** Why the client is not read: its next message waits for answers, or the server takes no more. */
  let waiting = false;
  let full = false;
  let leaving = false;
  /** The session is over: since when, and what is said of acts that it ended. */
  let ending: { readonly since: number; readonly code: string; readonly why: string } | undefined;
  /** Whether the database has said so: by an answer, or by closing the connection. */
  let isConfirmed = true;
  /** Nothing of the session runs upstream any more, or nobody can tell. */
  let settled = false;
  /** What the server says cannot be read. */
  let broken = false;
  /** Bytes that complete the message that was half way to the client when the session ended. */
  let owed = 0;
  let cancelling: Promise<void> | undefined;
  /** Cancels the judging of the text that the client's next message holds. */
  let stopJudging: (() => void) | undefined;
  /** Said to the client when the message under way is complete. */
  let lastWords: Buffer | undefined;
  /** How the server says that the session is called. */
  let name = upstream.parameters.get("application_name") ?? "";
  let wasLate = false;

  const forward = (bytes: Buffer): void => {
    if (ending === undefined) {
      if (!client.write(bytes)) server.pause();
      return;
    }
    if (owed === 0) return;
    const part = bytes.length > owed ? bytes.subarray(0, owed) : bytes;
    owed -= part.length;
    client.write(part);
    if (owed === 0) sayLastWords();
  };

  /** Records an outcome; of an act that the session's end has ended, also whether the database has said so, and when. */
  const complete = (permit: Permit, outcome: Outcome): void => {
    if (ending === undefined) return session.complete(permit, outcome);
    return session.complete(permit, {
      ...outcome,
      error: outcome.error === undefined ? undefined : ending.code,
      more: {
        ended: {
          confirmed: isConfirmed,
          milliseconds: Math.round(clock.monotonic() - ending.since),
        },
      },
    });
  };

  const responses = createResponses({
    shared,
    forward,
    complete,
    pinned,
    hideQuotes: options.hideQuotes,
    called(now) {
      name = now;
    },
    rolledBack: () => options.limits.rolledBack(),
    isGranted: (table) => granted.has(table),
  });
  const operations = createOperations({
    shared,
    texts: options.texts,
    messageBytes: options.messageBytes,
    judge: ({ sql, judged }, detail) => session.judge({ sql, judged, database }, detail),
    ahead: (text) => {
      if (judging === undefined) return true;
      const answer = judging.ahead(who, judge, text, () => {
        stopJudging = undefined;
        if (ending !== undefined) return;
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

  /** The client's own cancel request. What it sends meanwhile waits, so that it is not what is cancelled. */
  const cancel = (): Promise<void> => {
    if (ending !== undefined || shared.expected.length === 0) return Promise.resolve();
    if (cancelling === undefined) {
      client.pause();
      cancelling = cancelUpstream(target, upstream, clock, CANCEL_MS).then((): undefined => {
        cancelling = undefined;
        if (ending === undefined) proceed();
        return undefined;
      });
    }
    return cancelling;
  };
  const registered = options.cancels.register(cancel);

  let stopEnding: (() => void) | undefined;

  /** What the session had under way is over, or nobody can tell: its last outcomes are recorded, and its end. */
  const settle = (): void => {
    if (settled || ending === undefined) return;
    settled = true;
    stopEnding?.();
    responses.abandon(ending.code);
    session.close(ending.why);
    if (server.destroyed) return;
    const unschedule = clock.schedule(farewell, () => server.destroy());
    server.once("close", unschedule);
  };

  const running = {
    target,
    upstream,
    name: () => name,
    since: clock.monotonic(),
    giveUp() {
      isConfirmed = false;
      settle();
      server.destroy();
    },
  };

  /**
   * Bytes of the client's have not left yet: they must not, and their message must not become whole. What came before
   * them is ended as ever, but the connection that would tell of it is gone.
   */
  const cutServer = (): void => {
    const stop = options.endings.end({ ...running, isQueued: true });
    clock.schedule(CUT_MS, stop);
    running.giveUp();
  };

  const endServer = (): void => {
    const runs = shared.expected.length > 0;
    if (server.destroyed) return settle();
    if (server.writableLength > 0) return cutServer();
    // Behind whatever it still has to read; and a server that looks whether anybody is there sees the end at once.
    if (!server.writableEnded) server.end(terminate);
    if (!runs) {
      settle();
      server.resume();
      return;
    }
    stopEnding = options.endings.end({ ...running, isQueued: shared.expected.length > 1 });
    // Rows that nobody reads any more would keep it from seeing that it is cancelled.
    server.resume();
  };

  /** The message under way is complete: the client can be told why this ends. */
  const sayLastWords = (): void => {
    if (lastWords === undefined) return;
    // The client reads them before it sees the end: a socket destroyed at once could take them with it.
    client.end(lastWords);
    client.resume();
    lastWords = undefined;
  };

  /** The one way out. Later calls do nothing. */
  const end = (why: string, error: string, last?: Buffer): void => {
    if (ending !== undefined) return;
    ending = { since: clock.monotonic(), code: error, why };
    owed = responses.openBytes;
    registered.forget();
    stopJudging?.();
    inbound.end();
    forget();
    held.parts.length = 0;
    held.permits.length = 0;
    client.pause();
    const unschedule = clock.schedule(farewell, () => client.destroy());
    client.once("close", unschedule);
    if (last === undefined || client.destroyed) {
      client.destroy();
    } else {
      lastWords = last;
      if (owed === 0) {
        sayLastWords();
      } else {
        const stop = clock.schedule(restOfMessage, () => client.destroy());
        client.once("close", stop);
      }
    }
    // Nothing runs and no lock is held: the server's end can wait until all clients have been told theirs.
    const isIdle = shared.expected.length === 0 && shared.readyStatus === IDLE;
    if (isIdle && !server.destroyed) options.pacing(endServer);
    else endServer();
  };

  /** A fault of either peer, or of ours: it ends this session and no other. */
  const fail = (thrown: unknown): void => {
    const known = thrown instanceof WireError;
    const code = known ? thrown.code : "XX000";
    const message = known ? thrown.message : "the gateway failed while serving this session";
    end(known ? message : messageOf(thrown), code, errorResponse({ severity: "FATAL", code, message }));
  };

  /** Shortens the server's own limits to what the grant has left, before what the client says next. */
  const tellLimits = (): void => {
    if (!isAtRest(shared) || shared.readyStatus === IN_FAILED) return;
    const statements = options.limits.due(shared.readyStatus === IN_TRANSACTION);
    if (statements.length === 0) return;
    const { bytes, kinds } = limitMessages(statements);
    for (const kind of kinds) shared.expected.add({ kind, own: true });
    server.write(bytes);
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
    if (bytes[0] !== type.terminate) tellLimits();
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
    if (ending !== undefined) return;
    try {
      proceed();
    } catch (error) {
      fail(error);
    }
  };

  const proceed = (): void => {
    if (cancelling !== undefined) return;
    if (waiting && stopJudging === undefined) {
      waiting = false;
      try {
        read(empty);
      } catch (error) {
        fail(error);
      }
    }
    if (!waiting && !full && !leaving && ending === undefined) client.resume();
  };

  session.attach({
    leave() {
      if (ending === undefined) leave();
    },
    refuse(denial) {
      if (ending !== undefined) return;
      operations.refuseHeld(denial);
      leave();
    },
  });
  client.on("data", (chunk: Buffer) => {
    if (ending !== undefined || leaving) return;
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
    if (broken || settled) return;
    if (ending === undefined && !wasLate && remaining(clock, options.deadline) <= 0) {
      // Past the deadline nothing goes down, nor an error of the server's own limits: the gate says the end's words.
      wasLate = true;
      server.pause();
      server.unshift(chunk);
      const goOn = clock.schedule(LATE_MS, () => server.resume());
      server.once("close", goOn);
      return;
    }
    const open = responses.openBytes;
    try {
      responses.take(chunk);
      if (shared.syncOwed && ending === undefined) {
        shared.syncOwed = false;
        shared.expected.add({ kind: type.sync, refusal: undefined });
        server.write(sync);
      }
      if (waiting && ending === undefined) proceed();
    } catch (error) {
      broken = true;
      // In the middle of a message nothing can be said to the client.
      if (open > 0) client.destroy();
      fail(error);
    }
    if (ending !== undefined && isAtRest(shared)) settle();
  });
  server.on("drain", () => {
    full = false;
    inbound.left();
    if (ending === undefined) proceed();
  });
  server.on("error", () => undefined);
  server.on("close", () => {
    if (ending !== undefined) settle();
    else if (leaving) end("the client ended the session", "08006");
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
