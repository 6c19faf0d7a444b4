import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { canonicalJson as theirs, type Json } from "../../../../gateway/src/kernel/canonical.ts";
import { canonicalJson } from "./canonical.ts";

test("writes what the log writes", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "grapheme" }), (value) => {
      expect(canonicalJson(value)).toBe(theirs(value as Json));
    }),
  );
});

test("orders names by code units, numbers among them as text", () => {
  expect(canonicalJson({ 9: 1, 10: 2, b: undefined, a: { "\u20ac": 1, "\r": 2, "1": 3 } })).toBe(
    '{"10":2,"9":1,"a":{"\\r":2,"1":3,"€":1}}',
  );
});

test("indents for reading, and says the same", () => {
  const value = { b: [1, { c: [] }], a: {} };
  expect(canonicalJson(value, 2)).toBe(
    '{\n  "a": {},\n  "b": [\n    1,\n    {\n      "c": []\n    }\n  ]\n}',
  );
  expect(JSON.parse(canonicalJson(value, 2))).toEqual(value);
});
