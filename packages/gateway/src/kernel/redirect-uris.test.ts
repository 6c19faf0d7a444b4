import { describe, expect, it } from "vitest";
import { allowsRedirect, loopbackRedirects, problemOfRedirect } from "./redirect-uris.ts";

const list = [...loopbackRedirects, "https://vscode.dev/redirect", "cursor://anysphere.cursor/callback"];

describe("a redirect URI", () => {
  it.each([
    "http://127.0.0.1:33418/callback",
    "http://127.0.0.1:33418",
    "http://127.0.0.1/callback",
    "http://localhost:8250/a/b",
    "http://[::1]:1/callback",
    "https://vscode.dev/redirect",
    "cursor://anysphere.cursor/callback",
  ])("is allowed: %s", (uri) => {
    expect(allowsRedirect(list, uri)).toBe(true);
  });

  it.each([
    ["another site", "https://evil.example/callback"],
    ["another path of an allowed site", "https://vscode.dev/redirect/more"],
    ["a query at an allowed site", "https://vscode.dev/redirect?next=https://evil.example"],
    ["another machine over http", "http://10.0.0.1:80/callback"],
    ["loopback over https, which nobody allowed", "https://127.0.0.1:1/callback"],
    ["a host that begins like loopback", "http://127.0.0.1.evil.example:80/callback"],
    ["a name that begins like localhost", "http://localhost.evil.example/callback"],
    ["a user name before the host", "http://127.0.0.1:1@evil.example/callback"],
    ["a backslash before the host", "http://127.0.0.1:1\\@evil.example/"],
    ["a fragment", "http://127.0.0.1:1/callback#x"],
    ["an empty fragment", "http://127.0.0.1:1/callback#"],
    ["a query", "http://127.0.0.1:1/callback?x=1"],
    ["dot segments", "http://127.0.0.1:1/a/../b"],
    ["another writing of the address", "http://127.1:1/callback"],
    ["a number for the address", "http://2130706433:1/callback"],
    ["capitals", "HTTP://LOCALHOST:1/callback"],
    ["a space before it", " http://127.0.0.1:1/callback"],
    ["a tab inside", "http://127.0.0.1:1/call\tback"],
    ["a script", "javascript:alert(1)"],
    ["data", "data:text/html,x"],
    ["a file", "file:///etc/passwd"],
    ["the pattern itself", "http://127.0.0.1:*"],
    ["nothing", ""],
    ["no URI", "callback"],
    ["too long", `http://127.0.0.1:1/${"a".repeat(2100)}`],
    ["a scheme of its own that is not on the list", "evil://callback"],
  ])("is refused: %s", (_, uri) => {
    expect(allowsRedirect(list, uri)).toBe(false);
  });

  it("has exactly the path that the list names, where it names one", () => {
    const one = ["http://127.0.0.1:*/callback"];
    expect(allowsRedirect(one, "http://127.0.0.1:5/callback")).toBe(true);
    expect(allowsRedirect(one, "http://127.0.0.1:5/other")).toBe(false);
    expect(allowsRedirect(one, "http://localhost:5/callback")).toBe(false);
  });
});

describe("an entry of the list", () => {
  it.each([...list, "http://127.0.0.1:*/callback", "http://localhost:8250/callback"])(
    "is good: %s",
    (entry) => {
      expect(problemOfRedirect(entry)).toBeUndefined();
    },
  );

  it.each([
    ["https://*.example.com/callback", /port of a loopback/],
    ["http://10.0.0.1:*", /port of a loopback/],
    ["https://127.0.0.1:*", /port of a loopback/],
    ["http://10.0.0.1/callback", /loopback address alone/],
    ["https://example.com/callback#x", /fragment/],
    ["https://user@example.com/callback", /user name/],
    ["javascript:alert(1)", /scheme/],
    ["https://Example.com/callback", /normal form/],
    ["callback", /not a URI/],
  ])("is refused: %s", (entry, why) => {
    expect(problemOfRedirect(entry)).toMatch(why);
  });
});
