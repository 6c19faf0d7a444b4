import { describe, expect, it } from "vitest";
import { costOf } from "./cost.ts";

const endless = Number.POSITIVE_INFINITY;

describe("what a schema's checks cost at most", () => {
  it("grows with the value, and with what is applied to it", () => {
    const one = costOf({ type: "object", properties: { a: { type: "string" } } });
    const two = costOf({ type: "object", properties: { a: { type: "string" }, b: { type: "string" } } });
    expect(one(2000)).toBe(2 * one(1000));
    expect(two(1000)).toBeGreaterThan(one(1000));
  });

  it("grows with the square of a value whose parts are compared with each other", () => {
    const cost = costOf({ properties: { list: { type: "array", uniqueItems: true } } });
    expect(cost(100_000)).toBeGreaterThan(1e10);
    expect(costOf({ type: "array", uniqueItems: false })(100_000)).toBeLessThan(1e6);
  });

  it.each([
    ["itself", { anyOf: [{ properties: { a: { $ref: "#" } } }, { properties: { a: { $ref: "#" } } }] }],
    [
      "a definition by itself",
      { $ref: "#/$defs/a", $defs: { a: { not: { items: { $ref: "#/$defs/a" } } } } },
    ],
    ["what depends on the way", { items: { $dynamicRef: "#node" } }],
    ["what is not found", { $ref: "#/$defs/none" }],
    ["an anchor", { $ref: "#here", $defs: { a: { $anchor: "here" } } }],
  ])("has no bound where a schema reaches %s", (_, schema) => expect(costOf(schema)(1)).toBe(endless));

  it("has no bound where definitions double each other", () => {
    const defs = Object.fromEntries(
      Array.from({ length: 30 }, (_, at) => [
        `d${at}`,
        at === 29
          ? { type: "string" }
          : { allOf: [{ $ref: `#/$defs/d${at + 1}` }, { $ref: `#/$defs/d${at + 1}` }] },
      ]),
    );
    expect(costOf({ $ref: "#/$defs/d0", $defs: defs })(1)).toBe(endless);
  });

  it("counts a definition as often as it is used, and one that is not used not at all", () => {
    const cost = costOf({ $defs: { unused: { uniqueItems: true } }, items: { $ref: "#/$defs/a" } });
    expect(cost(1)).toBe(endless);
    expect(costOf({ $defs: { unused: { uniqueItems: true } }, items: {} })(1e6)).toBeLessThan(1e7);
  });

  it("counts what is compared with, and patterns by how long they are unrolled", () => {
    expect(costOf({ enum: ["a".repeat(1000)] })(10)).toBeGreaterThan(10_000);
    expect(costOf({ pattern: "a{1000}" })(10)).toBeGreaterThan(100 * costOf({ pattern: "aaaa" })(10));
    expect(costOf({ patternProperties: { "^x{0,900}$": {} } })(10)).toBeGreaterThan(100_000);
  });
});
