import { expect, test } from "vitest";
import { systemClock } from "../../../kernel/clock.ts";
import { createMemory } from "./memory.ts";

const MiB = 1_048_576;

/** The first bytes of a Query of that length. */
function head(length: number): Buffer {
  const bytes = Buffer.alloc(100);
  bytes[0] = 0x51;
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

test("large messages of one principal wait for each other, and for nobody else's", async () => {
  const memory = createMemory(() => 16 * MiB);
  const sessions = Array.from({ length: 5 }, () => memory.inbound("a", systemClock));
  const never = (): void => undefined;
  for (const session of sessions.slice(0, 4)) expect(session.hasRoom(head(15 * MiB), never)).toBe(true);
  const [first, , , , last] = sessions;
  await new Promise<void>((resolve) => {
    expect(last?.hasRoom(head(15 * MiB), resolve)).toBe(false);
  });
  expect(memory.inbound("b", systemClock).hasRoom(head(15 * MiB), never)).toBe(true);
  // What is still under way keeps its room; what has been taken and has left gives it back.
  first?.left();
  expect(last?.hasRoom(head(15 * MiB), never)).toBe(false);
  expect(first?.hasRoom(Buffer.alloc(0), never)).toBe(true);
  first?.left();
  expect(last?.hasRoom(head(15 * MiB), never)).toBe(true);
  for (const session of sessions) session.end();
  expect(first?.hasRoom(head(15 * MiB), never)).toBe(true);
});

test("small messages and whole ones need no room", () => {
  const inbound = createMemory(() => MiB).inbound("a", systemClock);
  for (let n = 0; n < 100; n += 1) expect(inbound.hasRoom(head(60_000), () => undefined)).toBe(true);
  expect(inbound.hasRoom(Buffer.alloc(3), () => undefined)).toBe(true);
});

test("what a principal's sessions hold is added up, and forgotten with them", () => {
  const memory = createMemory(() => MiB);
  const leave = memory.join("a", () => 5);
  memory.join("a", () => 7);
  memory.join("b", () => 1);
  expect(memory.heldBy("a")).toBe(12);
  leave();
  expect(memory.heldBy("a")).toBe(7);
  expect(memory.heldBy("c")).toBe(0);
});
