import { expect, test } from "vitest";
import { queryOf } from "./parameters.ts";

const of = (...all: readonly Readonly<Record<string, string>>[]): unknown =>
  queryOf(
    all.map((each) => ({ parameters: Object.entries(each).map(([name, value]) => ({ name, value })) })),
  );

test("no parameters are none", () => expect(of({}, {})).toEqual([]));
test("names alone, where no value has a form", () => expect(of({ q: "a" }, { s: "b" })).toEqual(["q", "s"]));
test("a pattern where all values of a name have one", () =>
  expect(of({ page: "1" }, { page: "22", q: "7" }, { q: "seven" })).toEqual({ page: "[0-9]+", q: ".*" }));
test("forms side by side, up to three", () => {
  expect(of({ id: "1" }, { id: "2026-12-02" })).toEqual({ id: "[0-9]+|[0-9]{4}-[0-9]{2}-[0-9]{2}" });
  expect(of({ id: "1" }, { id: "A-1" }, { id: "B-1" }, { id: "C-1" })).toEqual(["id"]);
});
