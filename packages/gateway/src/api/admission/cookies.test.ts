import { describe, expect, it } from "vitest";
import {
  cookieOf,
  dropCookie,
  sessionCookie,
  setSessionCookie,
  setSignInCookie,
  signInCookie,
} from "./cookies.ts";

describe("a cookie", () => {
  it("is found among others, in one header or several", () => {
    expect(cookieOf(["Cookie", "a=b; __Host-mayfly=v; c=d"], sessionCookie)).toBe("v");
    expect(cookieOf(["cookie", "a=b", "COOKIE", "__Host-mayfly=v"], sessionCookie)).toBe("v");
    expect(cookieOf(["cookie", "__Host-mayfly-sign-in=v; x__Host-mayfly=w"], sessionCookie)).toBeUndefined();
    expect(cookieOf(["cookie", "__Host-mayfly="], sessionCookie)).toBeUndefined();
    expect(cookieOf(["x", "__Host-mayfly=v"], sessionCookie)).toBeUndefined();
  });

  it("that came twice is refused", () => {
    expect(() => cookieOf(["cookie", "__Host-mayfly=a; __Host-mayfly=b"], sessionCookie)).toThrow(
      "two cookies",
    );
    expect(() => cookieOf(["cookie", "__Host-mayfly=a", "cookie", "__Host-mayfly=a"], sessionCookie)).toThrow(
      "two cookies",
    );
  });

  it("is set for this host alone, out of scripts' reach, over TLS alone", () => {
    expect(setSessionCookie("v", 28_800.9)).toBe(
      "__Host-mayfly=v; Max-Age=28800; Path=/; HttpOnly; Secure; SameSite=Lax",
    );
    expect(setSignInCookie("v", false)).toBe(
      "__Host-mayfly-sign-in=v; Max-Age=600; Path=/; HttpOnly; Secure; SameSite=Lax",
    );
    expect(setSignInCookie("v", true)).toContain("SameSite=None");
    expect(dropCookie(signInCookie)).toBe(
      "__Host-mayfly-sign-in=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax",
    );
  });
});
