import { describe, expect, it } from "vitest";
import { checkHead, type Head } from "./request-head.ts";

const host = "mayfly.internal:8443";

function head(change: Partial<Head> & { headers?: readonly string[] } = {}): Head {
  const { headers, ...rest } = change;
  return {
    httpVersionMajor: 1,
    httpVersion: "1.1",
    method: "GET",
    target: "/http/api/v1/orders",
    rawHeaders: ["Host", host, ...(headers ?? [])],
    ...rest,
  };
}

describe("a request's head", () => {
  it("passes when it can be understood in one way", () => {
    expect(checkHead(head(), host)).toBeUndefined();
    expect(checkHead(head({ rawHeaders: ["host", "MAYFLY.internal:8443"] }), host)).toBeUndefined();
    expect(checkHead(head({ headers: ["Content-Length", "5"] }), host)).toBeUndefined();
    expect(checkHead(head({ headers: ["Transfer-Encoding", "chunked"] }), host)).toBeUndefined();
    expect(checkHead(head({ headers: ["Expect", "100-continue"] }), host)).toBeUndefined();
    expect(checkHead(head({ target: "/http/api/a%20b?q=..%2f&x=[1]" }), host)).toBeUndefined();
    const http2 = {
      httpVersionMajor: 2,
      httpVersion: "2.0",
      rawHeaders: [":authority", host, ":path", "/x"],
    };
    expect(checkHead(head(http2), host)).toBeUndefined();
  });

  it.each([
    ["two lengths", ["Content-Length", "5", "Content-Length", "5"], 400],
    ["a signed length", ["Content-Length", "+5"], 400],
    ["a list of lengths", ["Content-Length", "5, 5"], 400],
    ["a length and chunks", ["Content-Length", "5", "Transfer-Encoding", "chunked"], 400],
    ["two codings", ["Transfer-Encoding", "chunked", "Transfer-Encoding", "identity"], 400],
    ["an unknown coding", ["Transfer-Encoding", "xchunked"], 400],
    ["a coding in a list", ["Transfer-Encoding", "gzip, chunked"], 400],
    ["a coding written otherwise", ["Transfer-Encoding", "Chunked"], 400],
    ["a coding behind a tab", ["Transfer-Encoding", "\u000bchunked"], 400],
    ["h2c", ["Upgrade", "h2c", "Connection", "Upgrade, HTTP2-Settings"], 400],
    ["two upgrades", ["Upgrade", "websocket", "Upgrade", "spdy/3.1"], 400],
    ["an expectation of its own", ["Expect", "200-ok"], 417],
    ["a name with a space", ["Content-Length ", "5"], 400],
    ["a value that is not ASCII", ["X-Name", "caf\u00e9"], 400],
    ["a value with a NUL", ["X-Name", "a\0b"], 400],
    ["a second Host", ["Host", host], 400],
  ])("with %s is refused", (_, headers, status) => {
    expect(checkHead(head({ headers }), host)?.status).toBe(status);
  });

  it.each([
    ["HTTP/1.0", { httpVersion: "1.0" }, 505],
    ["no Host", { rawHeaders: [] }, 400],
    ["another Host", { rawHeaders: ["Host", "admin.internal"] }, 421],
    ["a Host with its default port only", { rawHeaders: ["Host", "mayfly.internal"] }, 421],
    ["an absolute target", { target: "http://mayfly.internal/http/api/" }, 400],
    ["an authority as target", { target: "mayfly.internal:443" }, 400],
    ["*", { target: "*" }, 400],
    ["a fragment", { target: "/http/api/x#y" }, 400],
    ["a backslash", { target: "/http/api/..\\x" }, 400],
    ["a raw space", { target: "/http/api/a b" }, 400],
    ["a letter beyond ASCII", { target: "/http/api/\u00e9" }, 400],
    ["a target too long", { target: `/${"a".repeat(20_000)}` }, 400],
    [
      "too many headers",
      { headers: Array.from({ length: 202 }, (_, at) => (at % 2 === 0 ? "x" : "y")) },
      431,
    ],
  ])("with %s is refused", (_, change, status) => {
    expect(checkHead(head(change), host)?.status).toBe(status);
  });

  it("of HTTP/2 names its host once, and no header of the connection", () => {
    const http2 = (rawHeaders: readonly string[]): number | undefined =>
      checkHead(head({ httpVersionMajor: 2, httpVersion: "2.0", rawHeaders }), host)?.status;
    expect(http2([":authority", host, "host", host])).toBeUndefined();
    expect(http2([":authority", host, "host", "admin.internal"])).toBe(421);
    expect(http2([":authority", host, "connection", "close"])).toBe(400);
    expect(http2([":authority", host, "transfer-encoding", "chunked"])).toBe(400);
    expect(http2([])).toBe(400);
  });
});
