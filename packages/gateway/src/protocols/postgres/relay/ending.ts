import type { SessionEnd } from "../../../gate/gate.ts";
import { messageOf } from "../../../kernel/errors.ts";
import { boundClose } from "../close-grace.ts";
import { Control } from "../wire/control.ts";
import { restOf, WireError } from "../wire/framing.ts";
import { errorResponse } from "../wire/messages.ts";
import { isAtRest } from "./shared.ts";
import type { RelayState } from "./state.ts";

const empty: Buffer = Buffer.alloc(0);

/** How long the server's socket may take to end, milliseconds. */
const CLOSE_GRACE_MS = 1000;
/** How long the rest of a message that is half way to the client may take, milliseconds. */
const MESSAGE_REST_MS = 500;
/** ReadyForQuery outside of a transaction block. */
const IDLE = 0x49;

/** The one way out. Later calls do nothing. @param last what the client reads of it; left out: nothing */
export function end(relay: RelayState, why: SessionEnd, error: string, last?: Buffer): void {
  if (relay.ending !== undefined) return;
  const { client, server, inbound, options } = relay.parts;
  const { clock } = options;
  relay.ending = { since: clock.monotonic(), code: error, why };
  relay.owed = relay.backend.openBytes;
  if (relay.rest === 0) relay.rest = restOf(relay.carry.add(empty));
  relay.giveBack();
  relay.stopJudging?.();
  relay.stopPause();
  inbound.end();
  relay.unsent = relay.outgoing.permits();
  relay.outgoing.replace([]);
  client.pause();
  boundClose(client, clock);
  if (last === undefined || client.destroyed) {
    client.destroy();
  } else {
    relay.lastWords = last;
    if (relay.owed === 0) {
      sayLastWords(relay);
    } else {
      const stop = clock.schedule(MESSAGE_REST_MS, () => client.destroy());
      client.once("close", stop);
    }
  }
  // Nothing runs and no lock is held: the server's end can wait until all clients have been told theirs.
  const isIdle = relay.shared.expected.length === 0 && relay.shared.readyStatus === IDLE;
  if (isIdle && !server.destroyed) options.pacing(() => endServer(relay));
  else endServer(relay);
}

/**
 * Ends a session that is to end at rest, once it is: no act is held back, under way or half told by the client, and the
 * server is outside of a transaction block. Of such a session a driver loses nothing but its settings, and connects again.
 */
export function endIfAtRest(relay: RelayState): void {
  const { atRest, shared, outgoing, backend } = relay;
  if (atRest === undefined || relay.ending !== undefined || relay.isLeaving || relay.isWaiting) return;
  const isIdle = isAtRest(shared) && shared.readyStatus === IDLE && !shared.copyIn;
  if (!isIdle || outgoing.list.length > 0 || relay.carry.length > 0 || backend.openBytes > 0) return;
  end(relay, atRest, "57P01", relay.parts.options.lastWords(atRest.words));
}

/** A fault of either peer, or of ours: it ends this session and no other. */
export function fail(relay: RelayState, thrown: unknown): void {
  const isKnown = thrown instanceof WireError;
  const code = isKnown ? thrown.code : "XX000";
  const message = isKnown ? thrown.message : "the gateway failed while serving this session";
  const why: SessionEnd = isKnown
    ? { cause: "protocol_error", words: message }
    : { cause: "fault", words: messageOf(thrown) };
  if (isKnown && relay.ending === undefined) relay.rest = thrown.rest;
  end(relay, why, code, errorResponse({ severity: "FATAL", code, message }));
}

/** The message under way is complete: the client can be told why this ends. */
export function sayLastWords(relay: RelayState): void {
  const { client } = relay.parts;
  if (relay.lastWords === undefined) return;
  // The client reads them before it sees the end: a socket destroyed at once could take them with it. One that still sends
  // reads them only afterwards, and takes an end before that for a failure (libpq, pqSendSome).
  if (relay.rest > 0) client.write(relay.lastWords);
  else client.end(relay.lastWords);
  client.resume();
  relay.lastWords = undefined;
}

/** The client goes on sending, though the session is over: what it says is dropped, and after its message comes the end. */
export function heardAfterEnd(relay: RelayState, bytes: number): void {
  const { client } = relay.parts;
  relay.rest -= bytes;
  if (relay.rest <= 0 && relay.lastWords === undefined && !client.writableEnded) client.end();
}

/** What the session had under way is over, or nobody can tell: its last outcomes are recorded, and its end. */
export function settle(relay: RelayState): void {
  const { server, session, options } = relay.parts;
  if (relay.isSettled || relay.ending === undefined) return;
  relay.isSettled = true;
  relay.stopEnding?.();
  relay.backend.abandon(relay.ending.code);
  session.close(relay.ending.why, relay.stillRunning);
  if (server.destroyed) return;
  const unschedule = options.clock.schedule(CLOSE_GRACE_MS, () => server.destroy());
  server.once("close", unschedule);
}

function endServer(relay: RelayState): void {
  const { server, outbound } = relay.parts;
  const { expected } = relay.shared;
  const runs = expected.length > 0;
  if (server.destroyed) return settle(relay);
  if (server.writableLength > 0) return cutServer(relay);
  // Behind whatever it still has to read; and a server that looks whether anybody is there sees the end at once.
  if (!server.writableEnded) outbound.end(Control.terminate);
  if (runs) relay.stopEnding = endRunning(relay, expected.length > 1);
  else settle(relay);
  // Rows that nobody reads any more would keep it from seeing that it is cancelled.
  server.resume();
}

/**
 * Bytes of the client's have not left yet: they must not, and their message must not become whole. What came before
 * them is ended as ever, but the connection that would tell of it is gone: the database is asked.
 */
function cutServer(relay: RelayState): void {
  relay.isCut = true;
  relay.isConfirmed = false;
  relay.stopEnding = endRunning(relay, true);
  relay.parts.server.destroy();
}

/** The database has not said that what ran is over: the connection goes all the same. */
function giveUp(relay: RelayState, process: number | undefined): void {
  relay.isConfirmed = false;
  if (process !== undefined) relay.stillRunning = { process, acts: [] };
  settle(relay);
  relay.parts.server.destroy();
}

/** The database says that the backend of a connection that was cut is gone. */
function settleGone(relay: RelayState): void {
  relay.isConfirmed = true;
  settle(relay);
}

/** @returns to be called once the backend has said that nothing runs any more, or has closed its connection */
function endRunning(relay: RelayState, isQueued: boolean): () => void {
  const { options, target, cancelKey } = relay.parts;
  return options.endings.end({
    target,
    upstream: cancelKey,
    name: () => relay.name,
    since: relay.startedAt,
    isQueued,
    giveUp: (process) => giveUp(relay, process),
    ...(relay.isCut ? { gone: () => settleGone(relay) } : {}),
  });
}
