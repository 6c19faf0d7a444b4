import { expect, test } from "vitest";
import { onlineWords } from "./check.ts";

test.each([
  [{ what: "a/b: tables: shop.*", matches: [] }, "a/b: tables: shop.* matches nothing"],
  [
    { what: "a/b: tables: shop.*", matches: ["shop.a", "shop.b\nerror: forged"] },
    "a/b: tables: shop.* matches 2: shop.a, shop.b\\u{a}error: forged",
  ],
  [{ what: "org: groups" }, "org: groups: answered"],
  [{ what: "org: groups", problem: "E1\nforged" }, "\nerror: org: groups: E1\\u{a}forged"],
  [{ what: "a/b", problem: "no", hint: "x\ny" }, "\nerror: a/b: no\n  hint: x\\u{a}y"],
])("%j", (result, words) => {
  expect(onlineWords(result)).toBe(words);
});
