import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import type { Settled } from "../store.ts";
import { createOutcomeWriter } from "./outcome-writer.ts";

const outcome = (id: string): Settled => ({
  id,
  state: "delivered",
  attempts: 1,
  lastStatus: 200,
  lastError: undefined,
  nextAt: undefined,
  deliveredAt: 1,
});

function scene() {
  const clock = fakeClock();
  const written: string[][] = [];
  const problems: string[] = [];
  let failures = 0;
  let calls = 0;
  const settler = createOutcomeWriter({
    clock,
    retryAfter: 1000,
    store: {
      async settle(outcomes) {
        if (failures-- > 0) throw new Error("the store is away");
        written.push(outcomes.map(({ id }) => id));
      },
    },
    written: () => {
      calls += 1;
    },
    problem: (text) => problems.push(text),
  });
  const go = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await new Promise(setImmediate);
  };
  return {
    settler,
    written,
    problems,
    go,
    calls: () => calls,
    fail: (times: number) => {
      failures = times;
    },
  };
}

test("what comes within a moment is written at once", async () => {
  const { settler, written, go, calls } = scene();
  settler.add(outcome("a"));
  settler.add(outcome("b"));
  expect(settler.holds("a")).toBe(true);
  await go(20);
  expect(written).toEqual([["a", "b"]]);
  expect(settler.size).toBe(0);
  expect(calls()).toBe(1);
});

test("a store that is away loses nothing, and is said to be", async () => {
  const { settler, written, problems, go, fail } = scene();
  fail(2);
  settler.add(outcome("a"));
  await go(20);
  settler.add(outcome("b"));
  await go(1000);
  await go(1000);
  expect(written).toEqual([["a", "b"]]);
  expect(problems).toHaveLength(2);
});

test("it is full before it is without bounds", () => {
  const { settler } = scene();
  for (let i = 0; i < 255; i++) settler.add(outcome(`d${i}`));
  expect(settler.isFull).toBe(false);
  settler.add(outcome("last"));
  expect(settler.isFull).toBe(true);
});

test("its end writes what waits", async () => {
  const { settler, written } = scene();
  settler.add(outcome("a"));
  await settler.close();
  expect(written).toEqual([["a"]]);
});
