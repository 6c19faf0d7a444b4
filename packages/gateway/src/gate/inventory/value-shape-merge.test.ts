import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, it, test } from "vitest";
import { anyJson } from "./testing/json-values.ts";
import { mergedShape, type Shape, shapeOf } from "./value-shape.ts";

const textOf = JSON.stringify;
/** Words of two letters, so that three objects have more than fifty names now and then. */
const letters = Array.from(
  { length: 60 },
  (_, at) => `x_${String.fromCharCode(103 + (at % 20))}${"g".repeat(at / 20)}`,
);
const wide = fc
  .subarray(letters, { minLength: 15, maxLength: 45 })
  .chain((names) =>
    fc.tuple(...names.map((name) => fc.tuple(fc.constant(name), fc.constantFrom<unknown>(1, "a", {}, [])))),
  )
  .map((entries) => Object.fromEntries(entries));
const nested = fc.dictionary(fc.constantFrom(...letters.slice(0, 3)), fc.oneof(wide, fc.constant(null)), {
  maxKeys: 3,
});
const shape: fc.Arbitrary<Shape> = fc
  .oneof({ weight: 4, arbitrary: anyJson }, { weight: 2, arbitrary: wide }, { weight: 1, arbitrary: nested })
  .map((each) => shapeOf(each));

describe("merging", () => {
  test("takes shapes in any order", () => {
    fc.assert(
      fc.property(shape, shape, shape, (one, other, third) => {
        expect(textOf(mergedShape(one, other))).toBe(textOf(mergedShape(other, one)));
        expect(textOf(mergedShape(mergedShape(one, other), third))).toBe(
          textOf(mergedShape(one, mergedShape(other, third))),
        );
      }),
      { numRuns: 60 },
    );
  });

  test("changes nothing the second time", () => {
    fc.assert(
      fc.property(shape, shape, (one, other) => {
        expect(textOf(mergedShape(one, structuredClone(one)))).toBe(textOf(one));
        const both = mergedShape(one, other);
        expect(textOf(mergedShape(both, other))).toBe(textOf(both));
      }),
      { numRuns: 60 },
    );
  });

  it("gives up where there are more parts than anybody reads", () => {
    const part = (from: number, value: unknown): object =>
      Object.fromEntries(letters.slice(from, from + 15).map((name) => [name, value]));
    const [a, b] = [shapeOf(part(0, part(0, part(0, 1)))), shapeOf(part(15, part(0, part(0, 1))))];
    expect([a, b]).not.toContain("anything");
    expect(mergedShape(a, b)).toBe("anything");
  });

  it("leaves both as they are", () => {
    const [one, other] = [shapeOf({ a: [1] }), shapeOf({ a: ["b"], c: null })];
    const before = textOf([one, other]);
    mergedShape(one, other);
    expect(textOf([one, other])).toBe(before);
  });
});
