import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { boundedMap } from "./bounded-map.ts";

test("what was not used goes first", () => {
  const map = boundedMap<number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.get("a");
  map.set("c", 3);
  expect([map.get("a"), map.get("b"), map.get("c"), map.size]).toEqual([1, undefined, 3, 2]);
});

test("what is used stays, however many others come", () => {
  const map = boundedMap<number>(4, 200);
  map.set("used", 0, 10);
  for (let i = 0; i < 50; i += 1) {
    map.set(`k${i}`, i, 10);
    expect(map.get("used")).toBe(0);
  }
  expect(map.get("k0")).toBeUndefined();
  expect(map.get("k49")).toBe(49);
});

test("one that is too heavy is not kept, nor what it was to replace", () => {
  const map = boundedMap<number>(10, 200);
  map.set("a", 1, 10);
  map.set("a", 2, 11);
  expect([map.get("a"), map.size, map.weight]).toEqual([undefined, 0, 0]);
});

test("neither number nor weight passes its bound, and the newest is there", () => {
  const steps = fc.array(
    fc.tuple(fc.constantFrom("set", "get", "delete"), fc.nat(12).map(String), fc.nat(5)),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(steps, (all) => {
      const map = boundedMap<number>(5, 100);
      const weights = new Map<string, number>();
      for (const [step, key, weight] of all) {
        if (step === "get") map.get(key);
        else if (step === "delete") map.delete(key);
        else {
          map.set(key, weight, weight);
          weights.set(key, weight);
        }
        expect(step === "set" ? map.get(key) : weight).toBe(weight);
        expect(map.size).toBeLessThanOrEqual(5);
        expect(map.weight).toBe(map.all().reduce((sum, [name]) => sum + (weights.get(name) ?? 0), 0));
        expect(map.weight).toBeLessThanOrEqual(100);
      }
    }),
  );
});
