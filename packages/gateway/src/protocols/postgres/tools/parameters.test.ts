import { expect, test } from "vitest";
import { isShallow, needsType, parameterText } from "./parameters.ts";

const [int4Array, jsonb, jsonbArray] = [1007, 3802, 3807];

test.each([
  ["null", null, undefined, null],
  ["a text, whatever it looks like", '{"a",b}', undefined, '{"a",b}'],
  ["a number", 1.5, undefined, "1.5"],
  ["a truth value", true, undefined, "true"],
  ["a list", [1, null, -2.5, true], int4Array, '{"1",NULL,"-2.5","true"}'],
  [
    "texts that look like syntax",
    ['a"b', "c\\d", "{}", "NULL", "", "e,f"],
    1009,
    String.raw`{"a\"b","c\\d","{}","NULL","","e,f"}`,
  ],
  ["no elements", [], int4Array, "{}"],
  [
    "dimensions",
    [
      [1, 2],
      [3, 4],
    ],
    int4Array,
    '{{"1","2"},{"3","4"}}',
  ],
  ["a list for jsonb", [1, [2], { a: null }], jsonb, '[1,[2],{"a":null}]'],
  ["an object", { a: [1, "x"] }, jsonb, '{"a":[1,"x"]}'],
  ["an object among others", [{ a: 1 }, ["b"], null], jsonbArray, String.raw`{"{\"a\":1}","[\"b\"]","null"}`],
])("%s", (_, value, type, text) => {
  expect(parameterText(value, type)).toBe(text);
});

test("more dimensions than PostgreSQL has, and nesting without end, are refused", () => {
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
  expect(parameterText(nested(6), int4Array)).toBe('{{{{{{"1"}}}}}}');
  expect(() => parameterText(nested(7), int4Array)).toThrow("at most 6 dimensions");
  expect(parameterText(nested(100), jsonb)).toHaveLength(201);
  expect(() => parameterText(nested(101), jsonb)).toThrow("nested too deeply");
  let endless: unknown = 1;
  for (let depth = 0; depth < 100_000; depth += 1) endless = [endless];
  expect(isShallow(endless)).toBe(false);
});

test("only lists and objects need their parameter's type", () => {
  expect([null, "x", 1, true, [], {}].map(needsType)).toEqual([false, false, false, false, true, true]);
});
