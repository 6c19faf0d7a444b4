import { expect, it } from "vitest";
import { loginKey, ownLogin } from "./logins.ts";

it("takes logins that look the same for one person where that refuses, and for two where it gives", () => {
  const joined = "ro\u200dsa@example.com";
  const wide = "\uff32osa@example.com";
  for (const other of [joined, wide, " rosa@example.com"]) {
    expect(loginKey(other)).toBe(loginKey("Rosa@example.com"));
    expect(ownLogin(other)).not.toBe(ownLogin("Rosa@example.com"));
  }
  expect(ownLogin("ROSA@Example.com")).toBe("rosa@example.com");
});

it.each([
  ["a sigma at a word's end", "\u03bf\u03b4\u03bf\u03c3@example.com", "\u039f\u0394\u039f\u03a3@example.com"],
  ["an i without a dot", "\u0131da@example.com", "IDA@example.com"],
  ["a sharp s", "stra\u00dfe@example.com", "STRASSE@example.com"],
])("takes a login and its capitals for one person: %s", (_, small, capitals) => {
  expect(loginKey(small)).toBe(loginKey(capitals));
});
