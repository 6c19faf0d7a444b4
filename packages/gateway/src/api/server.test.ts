import { describe, expect, it } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { Secret } from "../kernel/secret.ts";
import { fakes } from "./testing/fakes.ts";
import { as, ask, post, useApi } from "./testing/app.ts";

const start = useApi();

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

describe("metrics", () => {
  const scrape = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

  it("know no token where none is configured, and open nothing else to one", async () => {
    const headers = scrape("a-token-for-metrics");
    const remoteAddress = "10.0.0.1";
    const none = start().app;
    expect((await none.inject({ url: "/metrics", remoteAddress, headers })).statusCode).toBe(401);
    const { app } = start({ scrapeToken: () => new Secret("a-token-for-metrics") });
    for (const url of ["/v1/grants", "/v1/audit/records", "/v1/operations"])
      expect([url, (await app.inject({ url, remoteAddress, headers })).statusCode]).toEqual([url, 401]);
  });

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
    ["the operator's token", { remoteAddress: "10.0.0.1", headers: scrape("a-token-for-metrics") }, 200],
    ["another token", { remoteAddress: "10.0.0.1", headers: scrape("a-token-for-metric") }, 401],
    ["another token from here", { headers: { host: "localhost", ...scrape("a-token-for-metrics0") } }, 401],
  ])("answer %s", async (_name, options, status) => {
    const { app } = start({ scrapeToken: () => new Secret("a-token-for-metrics") });
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
    expect(first.json()).toMatchObject({ records: [{ seq: 2 }, { seq: 1 }], next_before: "1" });
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
