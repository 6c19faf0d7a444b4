import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { readObject } from "./json-object.ts";

const TWICE = "it can be read in two ways: a name stands twice in one object";

test.each([
  ['{"a":1,"a":2}', TWICE],
  ['{"a":1,"\\u0061":2}', TWICE],
  ['{"a" : 1,\t"a"\t:\r1}', TWICE],
  ['{"b":[{"a":{"c":1,"c":1}}]}', TWICE],
  ['{"__proto__":1,"__proto__":2}', TWICE],
  ['{"a":1,"a"', "it is not JSON"],
  ["\uFEFF{}", "it is not JSON"],
  ["[{}]", "it is no JSON object"],
  ['"a"', "it is no JSON object"],
  ["null", "it is no JSON object"],
  [`{"a":${"[".repeat(16)}${"]".repeat(16)}}`, "it nests too deep"],
  [`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, "it nests too deep"],
])("%# is no object of one reading", (text, why) => {
  expect(readObject(text)).toBe(why);
});

test.each([
  String.raw`{"a":"\"b\":","\\":"\\","c":["\\\":"]}`,
  '{"a":"a","b":{"a":"a"},"c":[{"a":1},{"a":1}]}',
  '{"":null,"__proto__":{"a":1},"7":7}',
  `{"a":${"[".repeat(15)}${"]".repeat(15)}}`,
  '{"a":"\\ud800\\u0000"}',
  "{}",
])("%# is an object", (text) => {
  expect(readObject(text)).toEqual(JSON.parse(text));
});

test("how deep it may nest is the caller's to say", () => {
  const text = `{"a":${"[".repeat(19)}${"]".repeat(19)}}`;
  expect(readObject(text, 20)).toEqual(JSON.parse(text));
  expect(readObject(text, 19)).toBe("it nests too deep");
});

test("whatever is written with each name once is read", () => {
  const value = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 });
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 1, "\t"), (each, indent) => {
      const text = JSON.stringify(each, undefined, indent);
      expect(readObject(text)).toEqual(JSON.parse(text));
      const [name] = Object.keys(each);
      const twice =
        name === undefined ? '{"a":1,"a":1}' : text.replace("{", () => `{${JSON.stringify(name)}:0,`);
      expect(readObject(twice)).toBe(TWICE);
    }),
    { numRuns: 200 },
  );
});
