import { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";
import { expect, test } from "vitest";
import { createHandshakeTurns } from "./handshake-turns.ts";

function clientOf(remoteAddress: string): Duplex {
  return Object.assign(new EventEmitter(), { remoteAddress }) as unknown as Duplex;
}
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("one handshake begins a turn, the addresses in turn", async () => {
  const turns = createHandshakeTurns();
  const begun: string[] = [];
  for (let count = 0; count < 3; count += 1)
    turns.enter(clientOf(`2001:db8::${count}`), () => begun.push(`many ${count}`));
  turns.enter(clientOf("2001:db8:0:1::1"), () => begun.push("other"));
  expect(begun).toEqual([]);
  await nextTurn();
  expect(begun).toEqual(["many 0"]);
  await nextTurn();
  expect(begun).toEqual(["many 0", "other"]);
  for (let count = 0; count < 3; count += 1) await nextTurn();
  expect(begun).toEqual(["many 0", "other", "many 1", "many 2"]);
});

test("a client that has gone while it waited never begins, and holds up no other", async () => {
  const turns = createHandshakeTurns();
  const begun: string[] = [];
  const gone = clientOf("192.0.2.1");
  turns.enter(gone, () => begun.push("gone"));
  turns.enter(clientOf("192.0.2.1"), () => begun.push("there"));
  gone.emit("close");
  for (let count = 0; count < 3; count += 1) await nextTurn();
  expect(begun).toEqual(["there"]);
  // Whoever comes later is served too.
  turns.enter(clientOf("192.0.2.1"), () => begun.push("later"));
  for (let count = 0; count < 2; count += 1) await nextTurn();
  expect(begun).toEqual(["there", "later"]);
});
