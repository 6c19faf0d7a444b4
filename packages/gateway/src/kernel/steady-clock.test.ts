import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { steadyClock } from "./steady-clock.ts";

test("reads as the wall clock does while nobody turns it", () => {
  const clock = fakeClock();
  const steady = steadyClock(clock);
  for (let step = 0; step < 1000; step += 1) {
    clock.advance(0.3);
    expect(steady.wall()).toBe(Math.floor(clock.wall()));
  }
});

test("goes on at its pace through a step back, and takes a step ahead and a suspension along", () => {
  const clock = fakeClock(1_000_000);
  const steady = steadyClock(clock);
  clock.stepWall(-600_000);
  expect(steady.wall()).toBe(1_000_000);
  clock.advance(1000);
  expect(steady.wall()).toBe(1_001_000);
  clock.stepWall(5000);
  expect(steady.wall()).toBe(1_006_000);
  steady.raise(2_000_000);
  clock.advance(1);
  expect(steady.wall()).toBe(2_000_001);
  steady.raise(1);
  expect(steady.wall()).toBe(2_000_001);
});

test("never steps back, and never falls behind either clock", () => {
  const moves = fc.array(
    fc.record({ ms: fc.nat({ max: 5000 }), step: fc.integer({ min: -9000, max: 9000 }) }),
  );
  fc.assert(
    fc.property(moves, (all) => {
      const clock = fakeClock(1_000_000);
      const steady = steadyClock(clock);
      let before = steady.wall();
      const start = before;
      for (const { ms, step } of all) {
        clock.stepWall(step);
        clock.advance(ms);
        const now = steady.wall();
        expect(now).toBeGreaterThanOrEqual(Math.max(before, clock.wall()));
        expect(now - start).toBeGreaterThanOrEqual(clock.monotonic());
        before = now;
      }
    }),
  );
});
