import { describe, expect, test } from "vitest";
import { fit, widthOf } from "./width.ts";

describe("the columns that a text takes", () => {
  test.each([
    ["orders-db", 9],
    ["Ångström", 8],
    ["e\u0301", 1],
    ["東京", 4],
    ["ｆｕｌｌ", 8],
    ["👩‍👩‍👧 ok", 5],
    ["🇩🇪", 2],
    ["❤️", 2],
    ["…", 1],
    ["", 0],
  ])("%s: %i", (text, width) => {
    expect(widthOf(text)).toBe(width);
  });
});

describe("a text that is too wide", () => {
  test.each([
    ["read-orders", 11, "read-orders"],
    ["read-orders", 8, "read-or…"],
    // A wide character that would stick out leaves as a whole.
    ["東京都", 4, "東…"],
    ["東京都", 5, "東京…"],
    ["e\u0301e\u0301e\u0301", 2, "e\u0301…"],
  ])("%s to %i columns: %s", (text, columns, cut) => {
    expect(fit(text, columns)).toBe(cut);
    expect(widthOf(fit(text, columns))).toBeLessThanOrEqual(columns);
  });
});
