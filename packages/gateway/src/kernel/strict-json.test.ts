import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { AmbiguousJson, hasExactNumbers, parseStrictJson } from "./strict-json.ts";

test("understands what JSON.parse understands", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 1), (value, space) => {
      const text = JSON.stringify(value, null, space);
      expect(parseStrictJson(text)).toEqual(JSON.parse(text));
    }),
  );
});

test("refuses what JSON.parse refuses, and never anything but with an error of its own", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("{", "}", "[]", '"', ",", ":", "\\", "u0a1", " ", "true") }),
      (text) => {
        let good = true;
        try {
          JSON.parse(text);
        } catch {
          good = false;
        }
        let outcome: unknown;
        try {
          parseStrictJson(text);
        } catch (error) {
          outcome = error;
        }
        expect(
          outcome === undefined || outcome instanceof SyntaxError || outcome instanceof AmbiguousJson,
        ).toBe(true);
        expect(good || outcome instanceof SyntaxError).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

test("finds a name that stands twice, wherever", () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.jsonValue({ maxDepth: 2 }),
      fc.jsonValue({ maxDepth: 2 }),
      (name, one, two) => {
        const member = (value: unknown) => `${JSON.stringify(name)}:${JSON.stringify(value)}`;
        const twice = `{"a ]}":[1,{"b":2}],${member(one)},${member(two)}}`;
        fc.pre(name !== "a ]}");
        expect(() => parseStrictJson(twice)).toThrow(AmbiguousJson);
        expect(() => parseStrictJson(`[{"x":${twice}}]`)).toThrow(AmbiguousJson);
      },
    ),
  );
});

test.each([
  '{"a":1,"b":{"a":2}}',
  '[{"a":1},{"a":2}]',
  '{"a":"a","b":"a"}',
  '{"a":["a","a"],"b":"{\\"a\\":1}"}',
])("the same name in different places is fine: %s", (text) => {
  expect(parseStrictJson(text)).toEqual(JSON.parse(text));
});

test.each([
  String.raw`{"\ud800":1,"\udbff":2}`,
  String.raw`{"a":["\uDC00"]}`,
  String.raw`"\ud83d\u0041"`,
  String.raw`"\udc00\ud83d"`,
  '"\ud800"',
])("half of a character is refused, in names and in values: %s", (text) => {
  expect(JSON.parse(text)).toBeDefined();
  expect(() => parseStrictJson(text)).toThrow(expect.objectContaining({ kind: "lone_surrogate" }));
});

test.each([String.raw`{"\ud83d\ude00":"\uD83D\uDE00"}`, String.raw`"\\ud800"`, '"😀"'])(
  "a whole one is not: %s",
  (text) => {
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  },
);

test.each([
  "0",
  "-0.0",
  "19.99",
  "1e3",
  "1E-7",
  "0.1",
  '{"a":[1.50,"9007199254740993"]}',
  "9007199254740992",
  "1e300",
])("a number that a double holds is exact: %s", (text) => expect(hasExactNumbers(text)).toBe(true));

test.each([
  "9007199254740993",
  "100.000000000000000001",
  "1e400",
  "-1e999",
  '[{"a":0.1000000000000000055}]',
  "1e-400",
])("a number that readers count differently is not: %s", (text) => expect(hasExactNumbers(text)).toBe(false));

test("every number that JSON.stringify writes is exact", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(hasExactNumbers(JSON.stringify(value))).toBe(true);
    }),
  );
});
