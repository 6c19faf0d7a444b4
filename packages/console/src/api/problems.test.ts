import { MayflyError } from "@mayfly/sdk/browser";
import { expect, it } from "vitest";
import { problemOf } from "./problems.ts";

it.each([
  "Unable to preload CSS for /assets/index-1.css",
  "Failed to fetch dynamically imported module: https://mayfly.test/assets/index-1.js",
  "error loading dynamically imported module: https://mayfly.test/assets/index-1.js",
  "Importing a module script failed.",
])("says of a page whose files did not come what to do, not what a browser calls it: %s", (message) => {
  const { title, text } = problemOf(new TypeError(message));
  expect([title, text]).toEqual(["This page could not load", "Check your connection."]);
});

it("tells a fault of the console as one, and the gateway's refusals in its words", () => {
  expect(problemOf(new Error("x is not a function"))).toMatchObject({
    code: "console_fault",
    text: "X is not a function.",
  });
  const refused = new MayflyError("locked_down", "everything is locked down", { status: 403 });
  expect(problemOf(refused)).toMatchObject({ title: "Everything is locked down" });
});
