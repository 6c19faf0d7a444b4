import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, it } from "vitest";
import { createQuota, type Acquired } from "./quota.ts";

const one = { grant: "g1", principal: "p1", address: "a1" };

describe("a quota", () => {
  it.each([
    ["grant", { grant: 2 }],
    ["principal", { principal: 2 }],
    ["address", { address: 2 }],
    ["total", { total: 2 }],
  ] as const)("has a bound of its own for each %s", (reach, bound) => {
    const quota = createQuota(bound);
    const first = quota.acquire(one) as Acquired;
    expect(quota.acquire(one)).not.toHaveProperty("full");
    expect(quota.acquire(one)).toEqual({ full: reach });
    const other = quota.acquire({ grant: "g2", principal: "p2", address: "a2" });
    expect("full" in other).toBe(reach === "total");
    first.release();
    first.release();
    expect(quota.acquire(one)).not.toHaveProperty("full");
    expect(quota.acquire(one)).toEqual({ full: reach });
  });

  it("leaves the last of it to those who hold little, however much the others take", () => {
    const quota = createQuota({ principal: 100, total: 100 });
    const take = (principal: string): number => {
      let taken = 0;
      while (!("full" in quota.acquire({ principal }))) taken += 1;
      return taken;
    };
    expect([take("a"), take("b"), take("c")]).toEqual([51, 25, 13]);
    expect(take("d")).toBeGreaterThan(4);
  });

  it("has given everything back once all have, and is never above a bound", () => {
    const owner = fc.record({ grant: fc.constantFrom("1", "2"), principal: fc.constantFrom("x", "y") });
    fc.assert(
      fc.property(fc.array(fc.tuple(owner, fc.integer({ min: 1, max: 5 }), fc.boolean())), (steps) => {
        const quota = createQuota({ grant: 8, principal: 12, total: 16 });
        const held: Acquired[] = [];
        for (const [who, amount, isGiven] of steps) {
          const taken = quota.acquire(who, amount);
          if (!("full" in taken)) held.push(taken);
          if (isGiven) held.shift()?.release();
          for (const key of ["1", "2"]) expect(quota.of("grant", key)).toBeLessThanOrEqual(8);
          expect(quota.inUse).toBeLessThanOrEqual(16);
        }
        for (const each of held) each.release();
        expect([quota.inUse, quota.of("grant", "1"), quota.of("principal", "x")]).toEqual([0, 0, 0]);
      }),
    );
  });
});
