import { remaining } from "../../../kernel/clock.ts";
import { errorResponse } from "../wire/messages.ts";
import { goOn } from "./client-side.ts";
import { end, endIfAtRest, fail, sayLastWords, settle } from "./ending.ts";
import { isAtRest } from "./shared.ts";
import type { RelayState } from "./state.ts";
import { ANSWER_BYTES_A_UNIT, ANSWERS_A_UNIT } from "./turns.ts";

/** How long what the server says past the deadline waits for the gate to say that the grant is over, milliseconds. */
const LATE_MS = 200;

/** Reads what the server says, from now on. */
export function listenToServer(relay: RelayState): void {
  const { client, server, inbound } = relay.parts;
  relay.hear = () => {
    relay.isHeld = false;
    if (!client.writableNeedDrain || relay.ending !== undefined) server.resume();
  };
  server.on("data", (chunk: Buffer) => {
    if (relay.isBroken || relay.isSettled || isLate(relay, chunk) || isTooMuch(relay, chunk)) return;
    read(relay, chunk);
  });
  server.on("drain", () => {
    relay.isFull = false;
    inbound.left();
    goOn(relay);
  });
  server.on("error", () => undefined);
  server.on("close", () => closed(relay));
}

/** Hands the server's bytes on to the client; past the session's end only the rest of the message under way. */
export function forward(relay: RelayState, bytes: Buffer): void {
  const { client, server } = relay.parts;
  if (relay.ending === undefined) {
    if (!client.write(bytes)) server.pause();
    return;
  }
  if (relay.owed === 0) return;
  const part = bytes.length > relay.owed ? bytes.subarray(0, relay.owed) : bytes;
  relay.owed -= part.length;
  client.write(part);
  if (relay.owed === 0) sayLastWords(relay);
}

/** Past the deadline nothing goes down, nor an error of the server's own limits: the gate says the end's words. */
function isLate(relay: RelayState, chunk: Buffer): boolean {
  const { server, deadline, options } = relay.parts;
  const { clock } = options;
  if (relay.ending !== undefined || relay.wasLate || remaining(clock, deadline) > 0) return false;
  relay.wasLate = true;
  hold(relay, chunk);
  server.once("close", clock.schedule(LATE_MS, relay.hear));
  return true;
}

/** Of what servers say, no more is looked at in a turn of the loop than the principal has left of it. */
function isTooMuch(relay: RelayState, chunk: Buffer): boolean {
  const { share } = relay.parts;
  if (!share.isUsedUp()) return false;
  hold(relay, chunk);
  share.wait(relay.hear);
  return true;
}

/** Keeps what the server said until `hear`. */
function hold(relay: RelayState, chunk: Buffer): void {
  const { server } = relay.parts;
  relay.isHeld = true;
  server.pause();
  server.unshift(chunk);
}

function read(relay: RelayState, chunk: Buffer): void {
  const { backend, shared } = relay;
  const open = backend.openBytes;
  try {
    const messages = backend.consume(chunk);
    // Of a short answer, which is most of them, nothing is noted: its act has been.
    const units = Math.floor(messages / ANSWERS_A_UNIT) + Math.floor(chunk.length / ANSWER_BYTES_A_UNIT);
    if (units > 0) relay.parts.share.spend(units);
    if (shared.ownOwed !== undefined && relay.ending === undefined) {
      relay.parts.outbound.send([shared.ownOwed]);
      shared.ownOwed = undefined;
    }
    if (relay.isWaiting) goOn(relay);
  } catch (error) {
    relay.isBroken = true;
    // In the middle of a message nothing can be said to the client.
    if (open > 0) relay.parts.client.destroy();
    fail(relay, error);
  }
  if (relay.ending !== undefined && isAtRest(shared)) settle(relay);
  endIfAtRest(relay);
}

function closed(relay: RelayState): void {
  if (relay.isCut) return;
  if (relay.ending !== undefined) return settle(relay);
  if (relay.isLeaving)
    return end(relay, { cause: "client_gone", words: "the client ended the session" }, "08006");
  const message = "the database closed the connection";
  const hint = "connect again; the grant is unchanged";
  // One FATAL ends a session: some clients take a second one for a fault of the protocol.
  const last = relay.backend.saidFatal
    ? Buffer.alloc(0)
    : errorResponse({ severity: "FATAL", code: "08006", message, hint });
  return end(relay, { cause: "upstream_gone", words: message }, "08006", last);
}
