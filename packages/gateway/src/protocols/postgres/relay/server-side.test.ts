import { Duplex, Readable } from "node:stream";
import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { deadlineAfter } from "../../../kernel/clock.ts";
import { frame } from "../testing/wire.ts";
import { type } from "../wire/framing.ts";
import { createBackend } from "./backend/backend.ts";
import { listenToClient } from "./client-side.ts";
import { Expected } from "./expected.ts";
import { forward, listenToServer } from "./server-side.ts";
import { type RelayParts, RelayState } from "./state.ts";
import { ANSWERS_A_UNIT, createTurns, MAX_UNITS_PER_TURN, type Turns } from "./turns.ts";

const GRANT_MS = 60_000;
const row = frame("D", Buffer.from([0, 0]));
/** As many rows of no columns as one principal may be sent in a turn. */
const turnful = Buffer.concat(
  Array.from({ length: MAX_UNITS_PER_TURN.principal * ANSWERS_A_UNIT }, () => row),
);

/** A session that waits for rows, between a server that says what the test says and a client that takes all of it. */
function session(turns: Turns, who: string) {
  const clock = fakeClock();
  let heard = 0;
  const client = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _, done) {
      heard += chunk.length;
      done();
    },
  });
  const server = Object.assign(new Readable({ read: () => undefined }), { writableLength: 0 });
  const relay = new RelayState({
    options: { clock },
    client,
    server,
    outbound: { send: () => true, end: () => undefined },
    inbound: { left: () => undefined, hasRoom: () => true, end: () => undefined },
    deadline: deadlineAfter(clock, GRANT_MS),
    share: turns.join(who),
  } as unknown as RelayParts);
  relay.backend = createBackend({
    shared: relay.shared,
    forward: (bytes: Buffer) => forward(relay, bytes),
  } as Parameters<typeof createBackend>[0]);
  relay.shared.expected.add(new Expected(type.query));
  listenToClient(relay);
  listenToServer(relay);
  return { relay, clock, client, server, says: (bytes: Buffer) => server.push(bytes), heard: () => heard };
}

/** What streams do before the loop turns is done. */
const said = (): Promise<void> => new Promise((resolve) => process.nextTick(() => queueMicrotask(resolve)));
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a principal's sessions are told no more in a turn than it has of it, and the rest in the next one", async () => {
  const turns = createTurns();
  const [first, second, other] = [session(turns, "a"), session(turns, "a"), session(turns, "b")];
  first.says(turnful);
  second.says(row);
  other.says(row);
  await said();
  expect([first.heard(), second.heard(), other.heard()]).toEqual([turnful.length, 0, row.length]);
  await nextTurn();
  expect(second.heard()).toBe(row.length);
});

test("what the server says past the deadline waits for the gate's word, whatever the client takes meanwhile", async () => {
  const { relay, clock, client, says, heard } = session(createTurns(), "a");
  clock.advance(GRANT_MS);
  says(row);
  await said();
  client.emit("drain");
  await said();
  expect([heard(), relay.wasLate]).toEqual([0, true]);
  clock.advance(200);
  await said();
  expect(heard()).toBe(row.length);
});

test("a session that is over hears its server to the end, though its client takes nothing more", async () => {
  const turns = createTurns();
  const [first, second] = [session(turns, "a"), session(turns, "a")];
  const { relay, client, server } = second;
  client.cork();
  while (client.write(row));
  first.says(turnful);
  second.says(row);
  await said();
  expect(server.isPaused()).toBe(true);
  relay.ending = { since: 0, code: "57P01", why: { cause: "expired", words: "over" } };
  await nextTurn();
  expect([client.writableNeedDrain, server.isPaused()]).toEqual([true, false]);
});
