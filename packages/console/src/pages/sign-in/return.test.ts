import { describe, expect, it } from "vitest";
import { signInProblem } from "./problem-words.ts";
import { safeReturn, withReturn } from "./return.ts";

describe("the way back after signing in", () => {
  it.each(["/inbox", "/requests/req_1?x=1", "/activity?text=a%20b#end"])("may be %s", (path) => {
    expect(safeReturn(path)).toBe(path);
  });
  it.each([
    undefined,
    "",
    "inbox",
    "//evil.example",
    "/\\evil.example",
    "/a\\b",
    "https://evil.example",
    "javascript:alert(1)",
    "/\tx",
    "/a b",
    "/\u202Ex",
    "/sign-in?return=/sign-in",
    "/v1/session",
    `/${"a".repeat(1000)}`,
  ])("is never %j", (path) => {
    expect(safeReturn(path)).toBe("/");
  });
  it("is added to the gateway's URL, whatever that has already", () => {
    expect(withReturn("/sign-in/oidc", "/inbox")).toBe("/sign-in/oidc?return=%2Finbox");
    expect(withReturn("/sign-in/oidc?fresh=600", "//x")).toBe("/sign-in/oidc?fresh=600&return=%2F");
  });
});

describe("a sign-in that failed", () => {
  it("has words for every code of the gateway's", async () => {
    const { readFileSync } = await import("node:fs");
    const source = readFileSync(
      new URL("../../../../gateway/src/identity/sign-in/problems.ts", import.meta.url),
      "utf8",
    );
    const table = /signInProblems = \{([^}]*)\}/.exec(source)?.[1] ?? "";
    const codes = [...table.matchAll(/^ {2}(\w+):/gm)].map(([, code = ""]) => code);
    expect(codes.length).toBeGreaterThan(5);
    const unknown = signInProblem("unknown").title;
    expect(codes.filter((code) => signInProblem(code).title === unknown)).toEqual([]);
  });
  it("repeats nothing that a link put into the address", () => {
    expect(JSON.stringify(signInProblem("<b>call +1 555</b>"))).not.toContain("555");
    expect(signInProblem("constructor").title).toBe(signInProblem("unknown").title);
  });
});
