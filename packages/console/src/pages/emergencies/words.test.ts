import { expect, test } from "vitest";
import { newestText } from "./words.ts";

test("a list that is as long as it can be says that it holds the newest alone", () => {
  expect(newestText(499)).toBeUndefined();
  expect(newestText(500)).toBe("The newest 500 are listed.");
});
