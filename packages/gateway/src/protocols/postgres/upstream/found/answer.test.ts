import { expect, it } from "vitest";
import { foundOf, type Row } from "./answer.ts";

it("keeps what an answer says, whatever the order of its rows", () => {
  const rows: readonly Row[] = [
    ["relation", "s.a", null, null],
    ["field", "s.a", "home", "city"],
    ["field", "s.a", "home", "zip"],
    ["operator", "s.%%", "hstore", "%%"],
    ["operator", "s.%%", "", null],
  ];
  const found = foundOf(rows);
  expect(found.fields.get("s.a")?.get("home")).toEqual(new Set(["city", "zip"]));
  expect(found.operators.full.get("s.%%")).toEqual(new Set(["hstore", ""]));
  expect(found.operators.bare.get("%%")).toEqual(new Set(["hstore"]));
  expect(foundOf(rows.toReversed()).key).toBe(found.key);
  expect(foundOf(rows.slice(1)).key).not.toBe(found.key);
});

it("knows columns of a function only where all overloads agree", () => {
  const found = foundOf([
    ["result", "s.one", '["a","b"]', null],
    ["result", "s.same", '["a"]', null],
    ["result", "s.same", '["a"]', null],
    ["result", "s.two", '["a"]', null],
    ["result", "s.two", '["b"]', null],
    ["result", "s.open", '["a"]', null],
    ["result", "s.open", null, null],
    ["result", "s.unnamed", '["a",""]', null],
    ["result", "s.plain", '[""]', null],
  ]);
  expect([...found.results]).toEqual([
    ["s.one", ["a", "b"]],
    ["s.same", ["a"]],
    ["s.plain", [""]],
  ]);
});

it.each([
  ["an unknown kind", ["__proto__", "x", null, null]],
  ["a row without a name", ["relation", null, null, null]],
  ["a part that is missing", ["field", "s.a", "home", null]],
  ["no kind", [null, "x", null, null]],
])("refuses %s", (_, row) => {
  expect(() => foundOf([row as Row])).toThrow(TypeError);
});
