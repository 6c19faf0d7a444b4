import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, it } from "vitest";
import { safeReturn } from "./return-path.ts";

const own = "https://mayfly.test:8443";

describe("where a sign-in returns to", () => {
  it.each([
    ["/", "/"],
    ["/inbox", "/inbox"],
    ["/requests/req_1?tab=story#act-3", "/requests/req_1?tab=story#act-3"],
    ["/sign-ins", "/sign-ins"],
    ["/a/../inbox", "/inbox"],
  ])("%s is a page of ours", (wanted, expected) => {
    expect(safeReturn(wanted, own)).toBe(expected);
  });

  it.each([
    undefined,
    "",
    "inbox",
    "//evil.test",
    "//evil.test/inbox",
    "///evil.test",
    "/\\evil.test",
    "/\\/evil.test",
    "\\\\evil.test",
    "https://evil.test",
    "https:evil.test",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\t/evil.test",
    "/\n/evil.test",
    "/%0d%0aset-cookie:x=1\r\nx",
    " /inbox",
    "/in box",
    "/ü",
    "/./\\evil.test",
    "/.//evil.test",
    "/x/..//evil.test",
    "/sign-in",
    "/sign-in/oidc?return=/x",
    "/v1/session",
    "/a/../sign-in/oidc",
    `/${"a".repeat(1001)}`,
  ])("%j is not: the first page it is", (wanted) => {
    expect(safeReturn(wanted, own)).toBe("/");
  });

  it("is never another site, whatever is asked for", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.webUrl(), fc.webPath(), fc.stringMatching(/^\/[/\\\t.@:a-z]*$/)),
        (text) => {
          const path = safeReturn(text, own);
          expect(path.startsWith("/")).toBe(true);
          expect(new URL(path, own).origin).toBe(own);
        },
      ),
    );
  });
});
