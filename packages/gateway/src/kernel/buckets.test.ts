import { describe, expect, it } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { tokenBuckets } from "./buckets.ts";

describe("tokenBuckets", () => {
  it("gives a burst, then refills by the monotonic clock alone", () => {
    const clock = fakeClock();
    const buckets = tokenBuckets(clock, 2, 2, 10);
    expect([buckets.consume("a"), buckets.consume("a"), buckets.consume("a"), buckets.consume("b")]).toEqual([
      0, 0, 500, 0,
    ]);
    clock.stepWall(3_600_000);
    expect([buckets.consume("a"), buckets.wait("a"), buckets.wait("new")]).toEqual([500, 500, 0]);
    clock.advance(500);
    expect(buckets.wait("a")).toBe(0);
    expect(buckets.consume("a")).toBe(0);
  });

  it("remembers no more keys than its bound", () => {
    const buckets = tokenBuckets(fakeClock(), 1, 1, 100);
    for (let i = 0; i < 10_000; i++) buckets.consume(`k${i}`);
    expect(buckets.size).toBe(100);
    expect(buckets.consume("k9999")).toBeGreaterThan(0);
  });

  it("lets what was used already go below nothing, and nobody save up more than the burst", () => {
    const clock = fakeClock();
    const buckets = tokenBuckets(clock, 100, 100, 10);
    buckets.charge("a", 150);
    expect([buckets.wait("a"), buckets.consume("a"), buckets.wait("b")]).toEqual([510, 510, 0]);
    clock.advance(1_000_000);
    buckets.charge("a", 101);
    expect(buckets.wait("a", 0.5)).toBe(15);
  });

  it("takes a token back, but holds no more than the burst", () => {
    const buckets = tokenBuckets(fakeClock(), 1, 1, 10);
    buckets.consume("a");
    buckets.release("a");
    buckets.release("a");
    expect([buckets.consume("a"), buckets.consume("a")]).toEqual([0, 1000]);
  });
});
