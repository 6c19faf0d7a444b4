import { expect, it } from "vitest";
import { createHeavyWork } from "./heavy.ts";

/** Works for so long by the given clock. */
function work(clock: { now: number }, ms: number, done: string[], name: string): () => void {
  return () => {
    clock.now += ms;
    done.push(name);
  };
}

it("does those of different principals in turn, and one's own in order", async () => {
  const clock = { now: 0 };
  const heavy = createHeavyWork(() => clock.now);
  const done: string[] = [];
  await Promise.all([
    heavy.run("a", work(clock, 0, done, "a1")),
    heavy.run("a", work(clock, 0, done, "a2")),
    heavy.run("a", work(clock, 0, done, "a3")),
    heavy.run("b", work(clock, 0, done, "b1")),
  ]);
  expect(done).toEqual(["a1", "b1", "a2", "a3"]);
});

it("lets a principal rest for longer than its piece took, and others not", async () => {
  const clock = { now: 0 };
  const heavy = createHeavyWork(() => clock.now);
  const done: string[] = [];
  const first = heavy.run("a", work(clock, 50, done, "a1"));
  const second = heavy.run("a", work(clock, 50, done, "a2"));
  await first;
  await heavy.run("b", work(clock, 1, done, "b1"));
  expect(done).toEqual(["a1", "b1"]);
  clock.now += 200;
  await second;
  expect(done.at(-1)).toBe("a2");
});

it("passes on what a piece throws, does what is next first, and goes on", async () => {
  const heavy = createHeavyWork();
  const done: string[] = [];
  const failed = heavy.run("a", () => {
    throw new Error("no");
  });
  const last = heavy.run("a", () => done.push("last"));
  const next = heavy.run("a", () => done.push("next"), "next");
  await expect(failed).rejects.toThrow("no");
  await Promise.all([last, next]);
  expect(done).toEqual(["next", "last"]);
});
