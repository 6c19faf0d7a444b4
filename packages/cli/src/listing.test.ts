import { expect, test } from "vitest";
import { headingOf } from "./listing.ts";

const at = new Date("2026-11-27T21:54:26.789Z");

test("looks that follow each other say when they were taken, and are parted as their format parts them", () => {
  expect(headingOf("table", at, undefined, true)).toBe("2026-11-27 21:54:26 UTC");
  expect(headingOf("wide", at, undefined, false)).toBe("\n2026-11-27 21:54:26 UTC");
  expect([headingOf("yaml", at, undefined, true), headingOf("yaml", at, 2000, false)]).toEqual([
    "---",
    "---",
  ]);
  expect([headingOf("json", at, undefined, false), headingOf("json", at, 2000, false)]).toEqual(["", ""]);
});

test("a page that is drawn anew says how often, and how to end it", () => {
  expect(headingOf("table", at, 2000, false)).toBe("2026-11-27 21:54:26 UTC, every 2s; Ctrl-C ends this\n");
});
