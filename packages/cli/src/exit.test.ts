import { MayflyError } from "@mayfly/sdk";
import { expect, it } from "vitest";
import { errorText } from "./exit.ts";

it.each([
  ["GET /v1/operations (mayfly operations) lists them", "mayfly operations lists them"],
  ["1 to 64 characters, as GET /v1/operations lists it", "1 to 64 characters, as mayfly operations lists it"],
  ["list the grants that you can see", "mayfly grants lists those that you can see"],
  ["log in again", "log in again"],
])("a hint for callers of the API names commands here: %s", (hint, here) => {
  expect(errorText(new MayflyError("denied", "no", { hint }))).toBe(`mayfly: no\nhint: ${here}`);
});
