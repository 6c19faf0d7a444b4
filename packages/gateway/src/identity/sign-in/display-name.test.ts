import { expect, test } from "vitest";
import { displayName } from "./display-name.ts";

test.each([
  ["Rosa Reviewer", "Rosa Reviewer"],
  [" Zoë  ", "Zoë"],
])("%j is shown", (value, shown) => {
  expect(displayName(value, "rosa@example.com")).toBe(shown);
});

test.each([
  undefined,
  "",
  " ",
  7,
  ["Rosa"],
  "rosa@example.com",
  "olga@example.com",
  "rosa",
  "a".repeat(81),
  "Ro\u{202E}sa",
  "Ro\nsa",
])("%j is not", (value) => {
  expect(displayName(value, "rosa")).toBeUndefined();
});
