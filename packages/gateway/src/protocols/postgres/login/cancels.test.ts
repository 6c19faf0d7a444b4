import { expect, test } from "vitest";
import { createCancels, type Cancels, type SharedCancels } from "./cancels.ts";

/** The cancels of two processes behind one port, and how often each brought a request to the other. */
function pair(): { one: Cancels; two: Cancels; brought: () => number } {
  const here: ((key: Buffer) => Promise<void>)[] = [];
  let brought = 0;
  const sharedOf = (own: number): SharedCancels => ({
    async elsewhere(key) {
      brought += 1;
      await here[1 - own]?.(key);
    },
    onElsewhere: (request) => void (here[own] = request),
  });
  return { one: createCancels(sharedOf(0)), two: createCancels(sharedOf(1)), brought: () => brought };
}

const processKey = Buffer.from([0, 0, 1, 44, 9, 9, 9, 9]);

test("a request that comes to the other process cancels its session, and no other", async () => {
  const { one, two, brought } = pair();
  const cancelled: string[] = [];
  const made = one.register(processKey, async () => void cancelled.push("one"));
  two.register(processKey, async () => void cancelled.push("two"));
  await two.request(made.key);
  expect(cancelled).toEqual(["one"]);
  await one.request(made.key);
  expect(cancelled).toEqual(["one", "one"]);
  expect(brought()).toBe(1);
  made.forget();
  await two.request(made.key);
  expect(cancelled).toEqual(["one", "one"]);
});

test("an unknown key is looked for once elsewhere, and does nothing", async () => {
  const { one, two, brought } = pair();
  let cancelled = 0;
  const { key } = one.register(processKey, async () => void (cancelled += 1));
  const wrong = Buffer.from(key);
  wrong.writeUInt8(wrong.readUInt8(7) ^ 1, 7);
  await one.request(wrong);
  await two.request(wrong);
  expect(cancelled).toBe(0);
  expect(brought()).toBe(2);
});
