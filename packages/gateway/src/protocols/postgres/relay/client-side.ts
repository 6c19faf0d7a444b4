import { clientGone } from "../../../gate/gate.ts";
import type { Denial } from "../../../gate/protocol.ts";
import { limitMessages } from "../upstream/time-limits.ts";
import { type } from "../wire/framing.ts";
import { parameterStatus } from "../wire/messages.ts";
import { end, endIfAtRest, fail, heardAfterEnd } from "./ending.ts";
import { Expected } from "./expected.ts";
import { isAtRest } from "./shared.ts";
import type { RelayState } from "./state.ts";

/** ReadyForQuery in a transaction block, and in one that has failed. */
const IN_TRANSACTION = 0x54;
const IN_FAILED = 0x45;

/** Every server reports it, and none changes it. */
const PROBE_PARAMETER = "server_version";

const empty: Buffer = Buffer.alloc(0);

/** Reads what the client says, from now on. */
export function listenToClient(relay: RelayState): void {
  const { client, server } = relay.parts;
  relay.goOn = () => goOn(relay);
  client.on("data", (chunk: Buffer) => {
    if (relay.ending !== undefined) return heardAfterEnd(relay, chunk.length);
    if (relay.isLeaving) return;
    try {
      read(relay, chunk);
    } catch (error) {
      fail(relay, error);
    }
  });
  client.on("drain", () => {
    if (!relay.isHeld) server.resume();
  });
  client.on("close", () => end(relay, clientGone, "08006"));
  client.on("end", () => {
    if (!relay.isLeaving) end(relay, clientGone, "08006");
  });
  client.on("error", () => undefined);
}

/** Looks again at what waits, and reads on. A fault ends the session. */
export function goOn(relay: RelayState): void {
  if (relay.ending !== undefined || relay.cancelling !== undefined) return;
  if (relay.isWaiting && relay.stopJudging === undefined) {
    relay.isWaiting = false;
    try {
      read(relay, empty);
    } catch (error) {
      fail(relay, error);
    }
  }
  // Reading can have ended the session.
  const isOver = (relay.ending as unknown) !== undefined;
  if (!relay.isWaiting && !relay.isFull && !relay.isLeaving && !isOver) relay.parts.client.resume();
}

/**
 * Tells the client a parameter again, as the server said it: a message that may come at any time between others (manual,
 * "Asynchronous Operations"), and that only a client which is there can take. Not while it sends the data of a COPY: a
 * server that reads these says nothing, and drivers (Go's lib/pq) take it for a fault there.
 */
export function probe(relay: RelayState, parameters: ReadonlyMap<string, string>): void {
  const { parts, ending, backend, shared } = relay;
  const { client } = parts;
  const version = parameters.get(PROBE_PARAMETER);
  if (shared.copyIn || shared.copyAwaited !== undefined) return;
  // What waits to be written tells the end by itself.
  if (version === undefined || ending !== undefined || backend.openBytes > 0 || client.writableLength > 0)
    return;
  client.write(parameterStatus(PROBE_PARAMETER, version));
}

/** The turn's records are written: what waited for them leaves. */
export function leave(relay: RelayState): void {
  if (relay.ending !== undefined) return;
  const { outgoing } = relay;
  const { client, outbound, inbound } = relay.parts;
  const { list } = outgoing;
  outgoing.replace([]);
  if (!relay.isFull) inbound.left();
  if (list.length === 0) return endIfAtRest(relay);
  const hasRoom = outbound.send(list);
  if (!hasRoom && !relay.isFull) {
    relay.isFull = true;
    client.pause();
  }
  if (relay.isLeaving) outbound.end();
}

/** The turn's records could not be written: what waited for them is refused. */
export function refuseHeld(relay: RelayState, denial: Denial): void {
  if (relay.ending !== undefined) return forgetUnsent(relay);
  relay.frontend.refuseHeld(denial);
  leave(relay);
}

/** Acts that neither left nor have a record have no outcome: their records' numbers will be given to others. */
function forgetUnsent({ shared: { expected }, unsent }: RelayState): void {
  for (let number = expected.next - expected.length; number < expected.next; number += 1) {
    const entry = expected.at(number);
    if (entry?.permit !== undefined && unsent.has(entry.permit)) entry.permit = undefined;
  }
}

function read(relay: RelayState, chunk: Buffer): void {
  const { carry, frontend, backend, outgoing } = relay;
  const { client, inbound, options } = relay.parts;
  const bytes = carry.length === 0 ? chunk : carry.add(chunk);
  if (bytes[0] !== type.terminate) tellLimits(relay);
  let { taken, stopped } = frontend.consume(bytes);
  // After an error the server discards up to Sync: what is waited for may be an answer that never comes.
  while (backend.discard() && stopped === "waiting") {
    const more = frontend.consume(bytes.subarray(taken));
    taken += more.taken;
    stopped = more.stopped;
  }
  if (taken === bytes.length) {
    if (carry.length > 0) carry.keep(empty);
  } else if (taken > 0 || carry.length === 0) carry.keep(bytes.subarray(taken));
  relay.isWaiting = stopped !== "no" && stopped !== "terminated";
  if (stopped === "yielding") relay.parts.share.wait(relay.goOn);
  if (stopped === "throttled") {
    const { session } = relay.parts;
    const wait = Math.max(options.memory.time.wait(session.principal), session.pause());
    // Answers that come meanwhile look again too: one timer is enough.
    relay.stopPause();
    relay.stopPause = options.clock.schedule(wait, relay.goOn);
  }
  if (!relay.isWaiting) {
    const rest = taken === bytes.length ? empty : bytes.subarray(taken);
    relay.isWaiting = !inbound.hasRoom(rest, relay.goOn);
  }
  if (stopped === "terminated") relay.isLeaving = true;
  if (relay.isWaiting || relay.isLeaving) client.pause();
  if (outgoing.acts === 0) leave(relay);
}

/** Shortens the server's own limits to what the grant has left, before what the client says next. */
function tellLimits({ shared, parts }: RelayState): void {
  if (!isAtRest(shared) || shared.readyStatus === IN_FAILED) return;
  const statements = parts.limits.due(shared.readyStatus === IN_TRANSACTION);
  if (statements.length === 0) return;
  const { control, kinds } = limitMessages(statements);
  for (const kind of kinds) {
    const entry = new Expected(kind);
    entry.isOwn = true;
    shared.expected.add(entry);
  }
  parts.outbound.send([control]);
}
