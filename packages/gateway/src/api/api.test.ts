import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import type { FastifyInstance, InjectOptions } from "fastify";
import { afterEach, describe, expect, it, vi } from "vitest";
import { fakeClock } from "../kernel/fake-clock.ts";
import { createApi } from "./api.ts";
import type { ApiServices } from "./services.ts";
import { type Fakes, fakes } from "./testing/fakes.ts";

let app: FastifyInstance | undefined;

function start(change: Partial<ApiServices> = {}): { app: FastifyInstance; all: Fakes } {
  const all = fakes(change);
  app = createApi(all.services);
  return { app, all };
}

afterEach(async () => {
  await app?.close();
  app = undefined;
});

const as = (who: string): Record<string, string> => ({ authorization: `Bearer token-${who}` });
const ask = { connection: "orders-db", operations: ["read-orders"], reason: "TICKET-1: late parcel" };
const post = (url: string, who: string, payload?: unknown): InjectOptions => ({
  method: "POST",
  url,
  headers: as(who),
  ...(payload === undefined ? {} : { payload: payload as Record<string, unknown> }),
});

describe("requests", () => {
  it("answers an ask that policy permits with the ways in and the secret, once", async () => {
    const { app, all } = start();
    const answer = await app.inject(post("/v1/requests", "agent", { ...ask, ttl: "2m" }));
    expect(answer.statusCode).toBe(201);
    const body = answer.json();
    expect(answer.headers.location).toBe(`/v1/requests/${body.id}`);
    expect(body.ttl_seconds).toBe(120);
    expect(body.operations[0]).toMatchObject({ name: "orders-db/read-orders", risk: "low" });
    expect(body.grant.access.env.PGPASSWORD).toBe(body.grant.access.secret);
    expect(body.grant.access.secret).toMatch(/^[0-9a-z]{32}$/);
    expect(all.introspected).toEqual(["token-agent"]);

    const again = await app.inject({ url: `/v1/requests/${body.id}`, headers: as("agent") });
    expect(again.json().grant.access.dsn).toContain(body.grant.id);
    expect(again.body).not.toContain(body.grant.access.secret);
    expect(again.body).not.toContain("SCRAM");
    const second = await app.inject(post(`/v1/grants/${body.grant.id}/secret`, "agent"));
    expect([second.statusCode, second.json().code]).toEqual([409, "secret_collected"]);
  });

  it("gives the same request for the same idempotency key, without the secret again", async () => {
    const { app } = start();
    const options = {
      ...post("/v1/requests", "agent", ask),
      headers: { ...as("agent"), "idempotency-key": "k-1" },
    };
    const first = (await app.inject(options)).json();
    const second = (await app.inject(options)).json();
    expect(second.id).toBe(first.id);
    expect(first.grant.access.secret).toBeDefined();
    expect(second.grant.access.secret).toBeUndefined();
  });

  it("denies with the reasons and how to ask", async () => {
    const { app } = start();
    const answer = await app.inject(
      post("/v1/requests", "agent", { ...ask, operations: ["drop-everything"] }),
    );
    expect(answer.statusCode).toBe(403);
    expect(answer.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    expect(answer.json()).toMatchObject({
      type: "urn:mayfly:problem:denied",
      title: "Forbidden",
      status: 403,
      code: "denied",
      reasons: ["no policy lets support-bot request orders-db/drop-everything"],
    });
    expect(answer.json().hint).toContain("/v1/operations");
  });

  it("waits for a reviewer, whose yes is bound to the digest, and gives the secret to the requester alone", async () => {
    const { app } = start();
    const pending = await app.inject(post("/v1/requests", "agent", { ...ask, operations: ["refund-order"] }));
    expect(pending.statusCode).toBe(202);
    const { id, digest } = pending.json();
    const poll = app.inject({ url: `/v1/requests/${id}?wait=60s`, headers: as("agent") });
    const wrong = await app.inject(
      post(`/v1/requests/${id}/approve`, "reviewer", { digest: `sha256:${"0".repeat(64)}` }),
    );
    expect([wrong.statusCode, wrong.json().code]).toEqual([409, "digest_mismatch"]);
    const approved = await app.inject(
      post(`/v1/requests/${id}/approve`, "reviewer", { digest, comment: "ok" }),
    );
    expect(approved.statusCode).toBe(200);
    expect(approved.json().grant).toBeUndefined();
    expect(approved.body).not.toContain("postgres://");
    const decided = (await poll).json();
    expect(decided.state).toBe("approved");
    expect(decided.grant.access.secret).toBeUndefined();
    for (const who of ["reviewer", "other", "operator"]) {
      const stolen = await app.inject(post(`/v1/grants/${decided.grant.id}/secret`, who));
      expect(stolen.statusCode).toBe(404);
    }
    const secret = await app.inject(post(`/v1/grants/${decided.grant.id}/secret`, "agent"));
    expect(secret.json().access.env.PGPASSWORD).toMatch(/^[0-9a-z]{32}$/);
  });

  it("shows an operator a grant without the ways in", async () => {
    const { app } = start();
    const { grant } = (await app.inject(post("/v1/requests", "agent", ask))).json();
    const seen = await app.inject({ url: `/v1/grants/${grant.id}`, headers: as("operator") });
    expect(seen.json().access).toBeUndefined();
    const all = await app.inject({ url: "/v1/grants?all=true", headers: as("agent") });
    expect(all.statusCode).toBe(403);
  });

  it("lets nobody withdraw another's request", async () => {
    const { app } = start();
    const { id } = (
      await app.inject(post("/v1/requests", "agent", { ...ask, operations: ["refund-order"] }))
    ).json();
    expect(
      (await app.inject({ method: "DELETE", url: `/v1/requests/${id}`, headers: as("reviewer") })).statusCode,
    ).toBe(403);
    expect(
      (await app.inject({ method: "DELETE", url: `/v1/requests/${id}`, headers: as("other") })).statusCode,
    ).toBe(404);
    expect(
      (await app.inject({ method: "DELETE", url: `/v1/requests/${id}`, headers: as("agent") })).json().state,
    ).toBe("withdrawn");
  });

  it("changes nothing by GET", async () => {
    const { app, all } = start();
    const { grant } = (
      await app.inject(post("/v1/requests", "agent", { ...ask, operations: ["refund-order"] }))
    ).json();
    expect(grant).toBeUndefined();
    const before = JSON.stringify([...all.grants.store.requests, ...all.grants.store.grants]);
    const [id] = all.grants.store.requests.keys();
    for (const url of [
      "/v1/me",
      "/v1/operations",
      "/v1/requests",
      `/v1/requests/${id}`,
      "/v1/grants",
      "/v1/lockdown",
    ]) {
      expect((await app.inject({ url, headers: as("agent") })).statusCode).toBe(200);
    }
    expect(JSON.stringify([...all.grants.store.requests, ...all.grants.store.grants])).toBe(before);
  });
});

describe("long polls", () => {
  it("end when the client goes, and are bounded per principal", async () => {
    const { app, all } = start({ limits: { pollsPerPrincipal: 1 } });
    const { id } = (
      await app.inject(post("/v1/requests", "agent", { ...ask, operations: ["refund-order"] }))
    ).json();
    await app.listen({ host: "127.0.0.1", port: 0 });
    const { port } = app.server.address() as AddressInfo;
    let waits = 0;
    let aborted = false;
    const wait = all.grants.wait;
    all.grants.wait = async (viewer, which, ms, signal) => {
      waits += 1;
      signal?.addEventListener("abort", () => (aborted = true));
      return wait(viewer, which, ms, signal);
    };
    const first = httpRequest({ port, path: `/v1/requests/${id}?wait=60s`, headers: as("agent") });
    first.on("error", () => {});
    first.end();
    await vi.waitUntil(() => waits === 1);
    const second = await app.inject({ url: `/v1/requests/${id}?wait=60s`, headers: as("agent") });
    expect([second.statusCode, second.json().code]).toEqual([429, "too_many_polls"]);
    first.destroy();
    await vi.waitUntil(() => aborted);
  });

  it("end when the gateway stops", async () => {
    const { app } = start();
    const { id } = (
      await app.inject(post("/v1/requests", "agent", { ...ask, operations: ["refund-order"] }))
    ).json();
    const poll = app.inject({ url: `/v1/requests/${id}?wait=60s`, headers: as("agent") });
    await app.inject({ url: "/healthz" });
    await app.close();
    expect((await poll).json().state).toBe("pending");
  });

  it("last 60s at most", async () => {
    const { app } = start();
    const answer = await app.inject({
      url: "/v1/requests/req_0000000000000000?wait=61s",
      headers: as("agent"),
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().errors[0].at).toBe("query.wait");
  });
});

describe("authentication", () => {
  it("challenges by RFC 6750 and points at the metadata of RFC 9728", async () => {
    const { app } = start();
    const none = await app.inject({ url: "/v1/me" });
    expect(none.statusCode).toBe(401);
    expect(none.headers["www-authenticate"]).toBe(
      'Bearer realm="mayfly", resource_metadata="https://mayfly.test:8443/.well-known/oauth-protected-resource"',
    );
    const bad = await app.inject({ url: "/v1/me", headers: { authorization: "Bearer nonsense" } });
    expect(bad.headers["www-authenticate"]).toContain('error="invalid_token"');
    const metadata = await app.inject({ url: "/.well-known/oauth-protected-resource" });
    expect(metadata.json()).toMatchObject({
      resource: "https://mayfly.test:8443",
      authorization_servers: ["https://issuer.test/oauth2/aus1"],
    });
  });

  it.each([
    ["a query parameter", { url: "/v1/me?access_token=token-agent" }, 401],
    [
      "a query parameter beside a header",
      { url: "/v1/me?access_token=token-agent", headers: as("agent") },
      400,
    ],
    ["another scheme", { url: "/v1/me", headers: { authorization: "Basic token-agent" } }, 401],
    ["a cookie", { url: "/v1/me", headers: { cookie: "access_token=token-agent" } }, 401],
    ["a token with a space", { url: "/v1/me", headers: { authorization: "Bearer token-agent x" } }, 401],
    ["an endless token", { url: "/v1/me", headers: { authorization: `Bearer ${"a".repeat(16_385)}` } }, 401],
  ])("takes no token from %s", async (_name, options, status) => {
    const { app } = start();
    expect((await app.inject(options)).statusCode).toBe(status);
  });

  it("answers 503 when the provider's keys cannot be had", async () => {
    const { services } = fakes();
    const { MayflyError } = await import("../kernel/errors.ts");
    const { app } = start({
      identity: {
        ...services.identity,
        verify: async () => {
          throw new MayflyError("keys_unavailable", "the keys cannot be had", { status: 503 });
        },
      },
    });
    const answer = await app.inject({ url: "/v1/me", headers: as("agent") });
    expect([answer.statusCode, answer.headers["retry-after"]]).toEqual([503, "5"]);
  });

  it("records failed authentications, and leaves a flood out but counts it", async () => {
    const clock = fakeClock();
    const { app, all } = start({ clock });
    for (let i = 0; i < 50; i++)
      await app.inject({ url: "/v1/me", headers: { authorization: "Bearer secret-guess" } });
    expect(all.records.length).toBe(5);
    expect(all.records[0]).toMatchObject({
      type: "authentication.refused",
      detail: { code: "token_invalid", endpoint: "GET /v1/me", address: "127.0.0.1" },
    });
    clock.advance(60_000);
    await app.inject({ url: "/v1/me", headers: { authorization: "Bearer secret-guess" } });
    expect(all.records.at(-1)?.detail["left_out_before"]).toBe(45);
    expect(JSON.stringify(all.records)).not.toContain("secret-guess");
  });
});

describe("bounds", () => {
  it("limit an address and a principal", async () => {
    const clock = fakeClock();
    const { app } = start({
      clock,
      limits: { addressBurst: 3, addressRate: 1, principalBurst: 2, principalRate: 1 },
    });
    const me = (): Promise<{ statusCode: number }> => app.inject({ url: "/v1/me", headers: as("agent") });
    expect([(await me()).statusCode, (await me()).statusCode, (await me()).statusCode]).toEqual([
      200, 200, 429,
    ]);
    const address = await app.inject({ url: "/healthz" });
    expect([address.statusCode, address.headers["retry-after"]]).toEqual([429, "1"]);
    const elsewhere = await app.inject({ url: "/healthz", remoteAddress: "10.0.0.9" });
    expect(elsewhere.statusCode).toBe(200);
    clock.advance(1000);
    expect((await me()).statusCode).toBe(200);
  });

  it("do not believe X-Forwarded-For", async () => {
    const { app } = start({ clock: fakeClock(), limits: { addressBurst: 1 } });
    await app.inject({ url: "/healthz", headers: { "x-forwarded-for": "10.0.0.1" } });
    expect(
      (await app.inject({ url: "/healthz", headers: { "x-forwarded-for": "10.0.0.2" } })).statusCode,
    ).toBe(429);
  });
});

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
      "invalid_input",
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
    const huge = `GET /v1/me HTTP/1.1\r\nHost: a\r\nX-Big: ${"x".repeat(20_000)}\r\n\r\n`;
    expect(await send(huge)).toContain("headers_too_large");
  });
});

describe("metrics", () => {
  it.each([
    ["the loopback address", { remoteAddress: "127.0.0.1", headers: { host: "127.0.0.1:8443" } }, 200],
    ["another address", { remoteAddress: "10.0.0.1", headers: { host: "127.0.0.1:8443" } }, 401],
    [
      "a proxy on this machine",
      { remoteAddress: "127.0.0.1", headers: { host: "localhost", "x-forwarded-for": "1.2.3.4" } },
      401,
    ],
    ["a page that rebinds its name", { remoteAddress: "127.0.0.1", headers: { host: "evil.example" } }, 401],
    [
      "an agent on the loopback address",
      { remoteAddress: "127.0.0.1", headers: { host: "localhost", ...as("agent") } },
      403,
    ],
    ["an auditor anywhere", { remoteAddress: "10.0.0.1", headers: as("auditor") }, 200],
  ])("answer %s", async (_name, options, status) => {
    const { app } = start();
    const answer = await app.inject({ url: "/metrics", ...options });
    expect(answer.statusCode).toBe(status);
    expect(answer.body.includes("mayfly_grants_active 0\n")).toBe(status === 200);
  });

  it("and readiness show details on the loopback address alone", async () => {
    const { app } = start({
      health: () => ({ ready: false, checks: [{ name: "store", ok: false, detail: "db.internal refused" }] }),
    });
    const near = await app.inject({ url: "/readyz" });
    expect([near.statusCode, near.json().checks[0].detail]).toEqual([503, "db.internal refused"]);
    const far = await app.inject({ url: "/readyz", remoteAddress: "10.0.0.1" });
    expect(far.body).not.toContain("db.internal");
  });
});

describe("audit and lock-down", () => {
  it("pages through records", async () => {
    const { app, all } = start();
    for (let i = 0; i < 3; i++) all.services.log.append({ type: "grant.expired", detail: { i } });
    const first = await app.inject({
      url: "/v1/audit/records?limit=2&type=grant.expired,grant.revoked",
      headers: as("auditor"),
    });
    expect(first.json()).toMatchObject({ records: [{ seq: 2 }, { seq: 1 }], next_before: 1 });
    const bad = await app.inject({ url: "/v1/audit/records?type=grant.gone", headers: as("auditor") });
    expect(bad.statusCode).toBe(400);
    const checkpoint = await app.inject({ url: "/v1/audit/checkpoint", headers: as("auditor") });
    expect(checkpoint.headers["content-type"]).toBe("text/plain; charset=utf-8");
  });

  it("locks down and lifts", async () => {
    const { app } = start();
    const { grant } = (await app.inject(post("/v1/requests", "agent", ask))).json();
    const locked = await app.inject({
      method: "PUT",
      url: "/v1/lockdown",
      headers: as("operator"),
      payload: { reason: "incident" },
    });
    expect(locked.json()).toMatchObject({ locked: true, by: "olaf@example.test", reason: "incident" });
    expect((await app.inject({ url: `/v1/grants/${grant.id}`, headers: as("agent") })).json().state).toBe(
      "revoked",
    );
    expect((await app.inject(post("/v1/requests", "agent", ask))).json().code).toBe("locked_down");
    const lifted = await app.inject({ method: "DELETE", url: "/v1/lockdown", headers: as("operator") });
    expect(lifted.json()).toEqual({ locked: false });
  });
});
