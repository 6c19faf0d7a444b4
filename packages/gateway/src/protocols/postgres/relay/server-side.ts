import { remaining } from "../../../kernel/clock.ts";
import { errorResponse } from "../wire/messages.ts";
import { goOn } from "./client-side.ts";
import { end, endIfAtRest, fail, sayLastWords, settle } from "./ending.ts";
import { isAtRest } from "./shared.ts";
import type { RelayState } from "./state.ts";

/** How long what the server says past the deadline waits for the gate to say that the grant is over, milliseconds. */
const LATE_MS = 200;

/** Reads what the server says, from now on. */
export function listenToServer(relay: RelayState): void {
  const { server, inbound } = relay.parts;
  server.on("data", (chunk: Buffer) => {
    if (!relay.isBroken && !relay.isSettled && !isLate(relay, chunk)) read(relay, chunk);
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
  server.pause();
  server.unshift(chunk);
  const stop = clock.schedule(LATE_MS, () => server.resume());
  server.once("close", stop);
  return true;
}

function read(relay: RelayState, chunk: Buffer): void {
  const { backend, shared } = relay;
  const open = backend.openBytes;
  try {
    backend.consume(chunk);
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
