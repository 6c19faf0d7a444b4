import { expect, test } from "vitest";
import { loginKey } from "./logins.ts";

test.each([
  ["Rosa@Example.com", "rosa@example.com"],
  [" rosa@example.com ", "rosa@example.com"],
  ["ro\u{200B}sa@example.com", "rosa@example.com"],
  ["ｒｏｓａ@example.com", "rosa@example.com"],
  ["rosé@example.com", "rose\u{301}@example.com".normalize("NFC")],
])("%j is %j", (login, key) => {
  expect(loginKey(login)).toBe(key);
});

test("other letters make another person", () => {
  expect(loginKey("rosa@example.com")).not.toBe(loginKey("rose@example.com"));
});
