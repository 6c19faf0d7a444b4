import { request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import type { LightMyRequestResponse } from "fastify";
import { describe, expect, it } from "vitest";
import { as, ask, post, useApi } from "../testing/app.ts";

const start = useApi();

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
    expect(second.json().hint).toContain("use your access token");
    const made = all.grants.store.grants.get(body.grant.id);
    all.grants.store.grants.set(body.grant.id, { ...made!, sandbox: true });
    const sandboxed = await app.inject(post(`/v1/grants/${body.grant.id}/secret`, "agent"));
    expect(sandboxed.json().hint).toBe("a secret is shown once: release the grant and request again");
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

  it("shows when the paths were closed to whoever sees the request, where a policy asked for it, and no key", async () => {
    const { app, all } = start();
    const { id } = (
      await app.inject(post("/v1/requests", "agent", { ...ask, operations: ["refund-order"] }))
    ).json();
    const seen = (who: string): Promise<LightMyRequestResponse> =>
      app.inject({ url: `/v1/requests/${id}`, headers: as(who) });
    expect((await seen("agent")).json()).not.toHaveProperty("paths_closed_at");
    const request = all.grants.store.requests.get(id);
    if (request !== undefined)
      all.grants.store.requests.set(id, {
        ...request,
        paths: { closedAt: 1_780_000_000_000, probe: "pr_1", from: { address: "10.0.0.1", key: "its-key" } },
      });
    for (const who of ["agent", "reviewer"]) {
      const answer = await seen(who);
      expect(answer.json()).toMatchObject({ paths_closed_at: "2026-05-28T20:26:40.000Z" });
      expect(answer.body).not.toContain("its-key");
    }
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
    await expect.poll(() => waits).toBe(1);
    const second = await app.inject({ url: `/v1/requests/${id}?wait=60s`, headers: as("agent") });
    expect([second.statusCode, second.json().code]).toEqual([429, "too_many_polls"]);
    first.destroy();
    await expect.poll(() => aborted).toBe(true);
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
