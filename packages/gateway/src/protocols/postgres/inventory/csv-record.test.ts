import { expect, test } from "vitest";
import { csvFields, csvScanner } from "./csv-record.ts";

test.each([
  ["a,b", ["a", "b"]],
  ["a,", ["a", ""]],
  [`"a,""b""\nc",d`, [`a,"b"\nc`, "d"]],
  [`"",`, ["", ""]],
  ["a\r\n", ["a"]],
  [`"a"\r\n`, ["a"]],
  [`"a\r",b`, ["a\r", "b"]],
  ["a\rb,c", ["a\rb", "c"]],
  [`""""`, [`"`]],
])("%j", (text, fields) => {
  expect(csvFields(text)).toEqual(fields);
});

test.each([`a"b`, `"a"b`, `"a" ,b`, `"a`, `"a"\rb`, `"a"\r"b"`, "a\nb"])("%j is no record", (text) => {
  expect(csvFields(text)).toBeUndefined();
});

test("what is dropped is kept nowhere, and ends where it would", () => {
  const scanner = csvScanner();
  scanner.scan(`a,"b`, 0);
  scanner.drop();
  expect(scanner.scan(`c,\n""d",e\nnext`, 0)).toEqual({ at: 10, isComplete: true });
  expect(scanner.fields.join("")).toBe("");
  expect(scanner.newlines).toBe(2);
  scanner.reset();
  expect(scanner.scan("a,b\n", 0).isComplete).toBe(true);
  expect([scanner.fields, scanner.newlines]).toEqual([["a", "b"], 1]);
});
