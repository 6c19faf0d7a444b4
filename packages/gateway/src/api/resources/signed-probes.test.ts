import type { LightMyRequestResponse } from "fastify";
import { describe, expect, it } from "vitest";
import type { ProofKey } from "../../identity/dpop/testing/proofs.ts";
import { closedWays, useProbes } from "../../probes/testing/harness.ts";
import { as, post, useApi } from "../testing/app.ts";
import { bodyDigest, type BoundWorld, boundWorld, type Covers } from "../testing/bound.ts";
import type { Fakes } from "../testing/fakes.ts";

const make = useProbes();
const api = useApi();

interface World extends Pick<BoundWorld, "key" | "otherKey"> {
  readonly all: Fakes;
  readonly h: ReturnType<typeof make>;
  post(path: string, body: string, key?: ProofKey, covers?: Covers): Promise<LightMyRequestResponse>;
  /** Starts a probe: the text of its report. */
  begin(key?: ProofKey): Promise<string>;
  listed(): Promise<readonly Record<string, unknown>[]>;
}

function world(): World {
  const h = make();
  const { identity, key, otherKey, send } = boundWorld(h.clock);
  const { app, all } = api({ probes: h.probes, clock: h.clock, identity });
  const sent: World["post"] = (...request) => app.inject(send(...request));
  return {
    key,
    otherKey,
    all,
    h,
    post: sent,
    async begin(by) {
      const { token } = (await app.inject(post("/v1/probes", "operator", {}))).json<{ token: string }>();
      const task = await sent("/v1/probes/start", JSON.stringify({ token }), by);
      const { nonce } = task.json<{ nonce: string }>();
      // Not as JSON.stringify would write it: the digest is of the bytes.
      return JSON.stringify({ nonce, host: "hôte", ways: closedWays, credentials: [] }, undefined, 1);
    },
    async listed() {
      const answer = await app.inject({ url: "/v1/probes", headers: as("auditor") });
      return answer.json<{ hosts: readonly Record<string, unknown>[] }>().hosts;
    },
  };
}

const path = "/v1/probes/report";
const refusals = ({ all }: World): readonly unknown[] =>
  all.records
    .filter(({ type }) => type === "probe.refused")
    .map(({ principal, detail }) => [principal?.name, detail]);

describe("a report under a token that is bound to a key", () => {
  it("is taken when the proof covers its body, recorded with the proof and shown with the key", async () => {
    const w = world();
    const body = await w.begin(w.key);
    const answer = await w.post(path, body, w.key, "body");
    expect(answer.statusCode).toBe(201);
    const host = answer.json<Record<string, unknown>>();
    expect(host).toMatchObject({ host: "hôte", verdict: "closed", key: w.key.thumbprint });
    expect(await w.listed()).toEqual([host]);
    const signed = w.h.log.disk.at(-1)?.detail["signed"] as { readonly proof: string } | undefined;
    expect(signed).toEqual({
      key: w.key.thumbprint,
      body_sha256: bodyDigest(body),
      proof: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    });
    const [, claims = ""] = signed?.proof.split(".") ?? [];
    expect(JSON.parse(Buffer.from(claims, "base64url").toString())).toMatchObject({
      htm: "POST",
      htu: `https://mayfly.test:8443${path}`,
      body_sha256: bodyDigest(body),
    });
    expect(refusals(w)).toEqual([]);
  });

  it.each<[string, (body: string) => Covers, (body: string) => string]>([
    ["without the claim", () => "nothing", (body) => body],
    ["with the claim of another body", () => ({ claim: bodyDigest("{}") }), (body) => body],
    ["with the claim of an empty body", () => ({ claim: bodyDigest("") }), (body) => body],
    [
      "with one byte changed after it was signed",
      (body) => ({ claim: bodyDigest(body) }),
      (body) => body.replace("hôte", "hôtf"),
    ],
    [
      "with the same members written otherwise",
      (body) => ({ claim: bodyDigest(body) }),
      (body) => JSON.stringify(JSON.parse(body)),
    ],
    [
      "with the digest in hexadecimal",
      (body) => ({ claim: Buffer.from(bodyDigest(body), "base64url").toString("hex") }),
      (body) => body,
    ],
    ["with a padded digest", (body) => ({ claim: `${bodyDigest(body)}=` }), (body) => body],
  ])("is refused %s, recorded, and can be sent again", async (_, covers, sent) => {
    const w = world();
    const body = await w.begin(w.key);
    const answer = await w.post(path, sent(body), w.key, covers(body));
    expect(answer.statusCode).toBe(403);
    expect(answer.json()).toMatchObject({
      code: "probe_report_unsigned",
      hint: expect.stringContaining("body_sha256") as string,
    });
    expect(refusals(w)).toEqual([
      ["support-bot", { code: "probe_report_unsigned", reason: "unsigned", address: "10.9.9.9" }],
    ]);
    expect([w.h.looks, await w.listed()]).toEqual([0, []]);
    expect((await w.post(path, body, w.key, "body")).statusCode).toBe(201);
  });

  it.each<[string, unknown]>([
    ["a number", 7],
    ["empty", ""],
    ["null", null],
  ])("is not let in when the claim is %s: the proof is bad", async (_, claim) => {
    const w = world();
    const body = await w.begin(w.key);
    const answer = await w.post(path, body, w.key, { claim });
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([401, "proof_invalid"]);
    expect(refusals(w)).toEqual([]);
    expect((await w.post(path, body, w.key, "body")).statusCode).toBe(201);
  });

  it.each<[string, (w: World) => readonly [ProofKey | undefined, ProofKey | undefined]]>([
    ["a bearer token", (w) => [w.key, undefined]],
    ["another key", (w) => [w.key, w.otherKey]],
    ["a key, after a start under a bearer token", (w) => [undefined, w.key]],
  ])("is refused under %s, and can be sent again", async (_, keys) => {
    const w = world();
    const [begun, sent] = keys(w);
    const body = await w.begin(begun);
    const answer = await w.post(path, body, sent, "body");
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([403, "probe_report_refused"]);
    expect(refusals(w)).toMatchObject([
      ["support-bot", { code: "probe_report_refused", reason: "other_key" }],
    ]);
    expect((await w.post(path, body, begun, "body")).statusCode).toBe(201);
  });
});

describe("a report under a bearer token", () => {
  it("needs no signature, and is shown and recorded without a key", async () => {
    const w = world();
    const answer = await w.post(path, await w.begin());
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).not.toHaveProperty("key");
    expect(await w.listed()).toEqual([answer.json()]);
    expect(w.h.log.disk.at(-1)?.detail).not.toHaveProperty("signed");
  });
});

describe("whoever is bound to a key", () => {
  it("starts a probe with a proof that covers no body", async () => {
    const w = world();
    await w.begin(w.key);
    const started = w.h.log.disk.find(({ type }) => type === "probe.started")?.detail;
    const probe = started?.["probe"] as string;
    expect((await w.h.store.probes.find(probe))?.start?.key).toBe(w.key.thumbprint);
  });

  const ask = { connection: "orders-db", operations: ["read-orders"], reason: "TICKET-1" };
  const toolCall = { name: "request_access", arguments: ask };
  it.each<[string, string, object]>([
    ["the API", "/v1/requests", ask],
    ["MCP", "/mcp", { jsonrpc: "2.0", id: 1, method: "tools/call", params: toolCall }],
  ])("asks %s for access under that key, and under none with a bearer token", async (_, to, body) => {
    const w = world();
    const asked: (string | undefined)[] = [];
    const { request } = w.all.grants;
    w.all.grants.request = (who, given) => {
      asked.push(given.key);
      return request(who, given);
    };
    for (const key of [w.key, w.otherKey, undefined])
      expect((await w.post(to, JSON.stringify(body), key)).body).toMatch(/approved/);
    expect(asked).toEqual([w.key.thumbprint, w.otherKey.thumbprint, undefined]);
  });
});
