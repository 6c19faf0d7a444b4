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
