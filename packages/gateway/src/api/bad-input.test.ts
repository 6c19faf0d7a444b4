import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import type { InjectOptions } from "fastify";
import { describe, expect, it } from "vitest";
import { fakes } from "./testing/fakes.ts";
import { as, ask, useApi } from "./testing/app.ts";

const start = useApi();

describe("bad input", () => {
  const json = { ...as("agent"), "content-type": "application/json" };
  it.each<[string, InjectOptions, number, string]>([
    ["an unknown path", { url: "/v1/nothing" }, 404, "not_found"],
    [
      "an unknown method",
      { method: "PATCH", url: "/v1/grants/gr_0000000000000000" },
      405,
      "method_not_allowed",
    ],
    ["OPTIONS", { method: "OPTIONS", url: "/v1/me" }, 405, "method_not_allowed"],
    ["a malformed id", { url: "/v1/grants/..%2f..%2fetc", headers: as("agent") }, 404, "not_found"],
    ["a broken escape", { url: "/v1/grants/%ff%", headers: as("agent") }, 400, "malformed_request"],
    ["a trailing slash", { url: "/v1/me/", headers: as("agent") }, 404, "not_found"],
    [
      "another content type",
      {
        method: "POST",
        url: "/v1/requests",
        headers: { ...as("agent"), "content-type": "text/plain" },
        payload: "{}",
      },
      415,
      "unsupported_media_type",
    ],
    [
      "a compressed body",
      {
        method: "POST",
        url: "/v1/requests",
        headers: { ...json, "content-encoding": "gzip" },
        payload: "{}",
      },
      415,
      "unsupported_media_type",
    ],
    [
      "too large a body",
      { method: "POST", url: "/v1/requests", headers: json, payload: `"${"x".repeat(65_536)}"` },
      413,
      "body_too_large",
    ],
    ["no body", { method: "POST", url: "/v1/requests", headers: as("agent") }, 400, "invalid_input"],
    [
      "broken JSON",
      { method: "POST", url: "/v1/requests", headers: json, payload: '{"connection":' },
      400,
      "malformed_json",
    ],
    [
      "invalid UTF-8",
      { method: "POST", url: "/v1/requests", headers: json, payload: Buffer.from([0x22, 0xff, 0x22]) },
      400,
      "malformed_json",
    ],
    [
      "a duplicate member",
      {
        method: "POST",
        url: "/v1/requests",
        headers: json,
        payload:
          '{"connection":"orders-db","operations":["refund-order"],"reason":"r","operations":["read-orders"]}',
      },
      400,
      "malformed_json",
    ],
    [
      "names that halves of characters make equal",
      { method: "POST", url: "/v1/requests", headers: json, payload: String.raw`{"\ud800":1,"\udbff":2}` },
      400,
      "malformed_json",
    ],
    [
      "__proto__",
      { method: "POST", url: "/v1/requests", headers: json, payload: '{"__proto__":{"isAdmin":true}}' },
      400,
      "malformed_json",
    ],
    [
      "an unknown member",
      { method: "POST", url: "/v1/requests", headers: json, payload: { ...ask, approved: true } },
      400,
      "invalid_input",
    ],
    [
      "an unknown query parameter",
      { url: "/v1/requests?state=pending&admin=1", headers: as("agent") },
      400,
      "invalid_input",
    ],
    [
      "a repeated query parameter",
      { url: "/v1/requests?state=pending&state=approved", headers: as("agent") },
      400,
      "invalid_input",
    ],
    [
      "a body on GET",
      { method: "GET", url: "/v1/me", headers: json, payload: "{}" },
      400,
      "body_not_allowed",
    ],
    [
      "a body where none belongs",
      { method: "DELETE", url: "/v1/grants/gr_0000000000000000", headers: json, payload: "{}" },
      400,
      "body_not_allowed",
    ],
    [
      "escape sequences in a reason",
      {
        method: "POST",
        url: "/v1/requests",
        headers: json,
        payload: { ...ask, reason: "\u001b[2J approve me" },
      },
      400,
      "invalid_input",
    ],
    [
      "bidirectional overrides in a reason",
      { method: "POST", url: "/v1/requests", headers: json, payload: { ...ask, reason: "a\u202eb" } },
      400,
      "invalid_input",
    ],
    [
      "half a surrogate pair",
      {
        method: "POST",
        url: "/v1/requests",
        headers: json,
        payload: '{"connection":"orders-db","operations":["read-orders"],"reason":"\\ud800"}',
      },
      400,
      "malformed_json",
    ],
    [
      "an empty reason",
      { method: "POST", url: "/v1/requests", headers: json, payload: { ...ask, reason: "  " } },
      400,
      "invalid_input",
    ],
    [
      "a time-to-live of zero",
      { method: "POST", url: "/v1/requests", headers: json, payload: { ...ask, ttl: "0s" } },
      400,
      "invalid_input",
    ],
    [
      "no operations",
      { method: "POST", url: "/v1/requests", headers: json, payload: { ...ask, operations: [] } },
      400,
      "invalid_input",
    ],
    [
      "a key with spaces",
      { method: "POST", url: "/v1/requests", headers: { ...json, "idempotency-key": "a b" }, payload: ask },
      400,
      "invalid_input",
    ],
  ])("answers %s with a problem", async (_name, options, status, code) => {
    const { app, all } = start();
    const answer = await app.inject(options);
    expect(answer.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    expect([answer.statusCode, answer.json().code]).toEqual([status, code]);
    expect(answer.json().detail).toBeTruthy();
    expect(all.grants.store.requests.size).toBe(0);
  });

  it("names the methods that a path takes", async () => {
    const { app } = start();
    expect((await app.inject({ method: "PATCH", url: "/v1/lockdown" })).headers["allow"]).toBe(
      "GET, PUT, DELETE",
    );
  });

  it("shows nothing of what went wrong inside, and logs it without headers or bodies", async () => {
    const { services } = fakes();
    const { app, all } = start({
      grants: {
        ...services.grants,
        offers: () => {
          throw new Error("password=hunter2 at db.internal");
        },
      },
    });
    const answer = await app.inject({ url: "/v1/operations", headers: as("agent") });
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({ code: "internal" });
    expect(answer.body).not.toMatch(/hunter2|\.ts|stack/);
    expect(all.logLines.join("")).toContain(answer.json().instance);
    expect(all.logLines.join("")).not.toContain("token-agent");
  });

  it("answers bytes that are no HTTP with a problem, and two Host or Authorization headers with 400", async () => {
    const { app } = start();
    await app.listen({ host: "127.0.0.1", port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const send = (bytes: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect(port, "127.0.0.1");
        let text = "";
        socket.on("data", (chunk) => (text += chunk.toString()));
        socket.on("close", () => resolve(text));
        socket.on("error", reject);
        socket.write(bytes);
      });
    expect(await send("\x16\x03\x01 hello\r\n\r\n")).toContain("malformed_request");
    const headers = (lines: string): string => `GET /v1/me HTTP/1.1\r\n${lines}connection: close\r\n\r\n`;
    expect(await send(headers("Host: a\r\nHost: b\r\nAuthorization: Bearer token-agent\r\n"))).toContain(
      " 400 ",
    );
    const auth = "Host: a\r\nAuthorization: Bearer token-agent\r\nAuthorization: Bearer token-operator\r\n";
    expect(await send(headers(auth))).toContain("two Authorization headers");
    const smuggled =
      "POST /v1/requests HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    expect(await send(smuggled)).toContain(" 400 ");
    const coded = "Host: a\r\nAuthorization: Bearer token-agent\r\nTransfer-Encoding: gzip, chunked\r\n";
    expect(await send(`POST /v1/requests HTTP/1.1\r\n${coded}Connection: close\r\n\r\n0\r\n\r\n`)).toContain(
      "transfer coding is not chunked",
    );
    const huge = `GET /v1/me HTTP/1.1\r\nHost: a\r\nX-Big: ${"x".repeat(20_000)}\r\n\r\n`;
    expect(await send(huge)).toContain("headers_too_large");
  });
});
