import { expect, test } from "vitest";
import { createTurns } from "./turns.ts";

const never = new AbortController().signal;

test("so many run at a time, in the order in which they came", async () => {
  const inTurn = createTurns(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const all = [0, 1, 2, 3].map((n) =>
    inTurn(() => {
      begun.push(n);
      return new Promise<number>((resolve) => ends.push(() => resolve(n)));
    }, never),
  );
  await Promise.resolve();
  expect(begun).toEqual([0, 1]);
  ends[1]?.();
  await all[1];
  await expect.poll(() => begun).toEqual([0, 1, 2]);
  ends[0]?.();
  await all[0];
  await expect.poll(() => begun).toEqual([0, 1, 2, 3]);
  for (const end of ends) end();
  expect(await Promise.all(all)).toEqual([0, 1, 2, 3]);
});

test("a step that fails gives its place back", async () => {
  const inTurn = createTurns(1);
  await expect(inTurn(() => Promise.reject(new Error("EIO")), never)).rejects.toThrow("EIO");
  expect(await inTurn(() => Promise.resolve(1), never)).toBe(1);
});

test("whoever waits behind a step that never ends goes away with its signal, and takes no place with it", async () => {
  const inTurn = createTurns(1);
  let end: (() => void) | undefined;
  const hung = inTurn(() => new Promise<void>((resolve) => (end = resolve)), never);
  const stopping = new AbortController();
  const waiting = inTurn(() => Promise.resolve("begun"), stopping.signal);
  const behind = inTurn(() => Promise.resolve("behind"), never);
  stopping.abort(new Error("stops"));
  await expect(waiting).rejects.toThrow("stops");
  await expect(inTurn(() => Promise.resolve(), stopping.signal)).rejects.toThrow("stops");
  end?.();
  await hung;
  expect(await behind).toBe("behind");
  expect(await inTurn(() => Promise.resolve("free"), never)).toBe("free");
});
