import { describe, expect, it } from "vitest";
import { fakeClock } from "../kernel/fake-clock.ts";
import { addressKey } from "../gate/places.ts";
import { tokenBuckets } from "../kernel/buckets.ts";
import { isLoopback, openCounter } from "./limits.ts";

describe("tokenBuckets", () => {
  it("gives a burst, then refills by the monotonic clock alone", () => {
    const clock = fakeClock();
    const buckets = tokenBuckets(clock, 2, 2, 10);
    expect([buckets.take("a"), buckets.take("a"), buckets.take("a"), buckets.take("b")]).toEqual([
      0, 0, 500, 0,
    ]);
    clock.stepWall(3_600_000);
    expect(buckets.take("a")).toBe(500);
    clock.advance(500);
    expect(buckets.take("a")).toBe(0);
  });

  it("remembers no more keys than its bound", () => {
    const buckets = tokenBuckets(fakeClock(), 1, 1, 100);
    for (let i = 0; i < 10_000; i++) buckets.take(`k${i}`);
    expect(buckets.size).toBe(100);
    expect(buckets.take("k9999")).toBeGreaterThan(0);
  });
});

describe("openCounter", () => {
  it("bounds each key and all together, and closing twice counts once", () => {
    const counter = openCounter(2, 3);
    const first = counter.enter("a");
    expect(first).toBeDefined();
    expect(counter.enter("a")).toBeDefined();
    expect(counter.enter("a")).toBeUndefined();
    expect(counter.enter("b")).toBeDefined();
    expect(counter.enter("c")).toBeUndefined();
    first?.();
    first?.();
    expect(counter.enter("c")).toBeDefined();
    expect(counter.enter("d")).toBeUndefined();
  });
});

describe("addresses", () => {
  it.each([
    ["10.1.2.3", "10.1.2.3"],
    ["::ffff:10.1.2.3", "10.1.2.3"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ])("counts %s as %s", (address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  it.each([
    ["127.0.0.1", true],
    ["127.9.9.9", true],
    ["::ffff:127.0.0.1", true],
    ["::1", true],
    ["10.0.0.1", false],
    ["127.0.0.1.example", false],
    ["1::1", false],
  ])("%s is loopback: %s", (address, loopback) => {
    expect(isLoopback(address)).toBe(loopback);
  });
});
