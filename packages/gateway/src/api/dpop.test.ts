import { createMayfly } from "@mayfly/sdk";
import { freePort } from "@mayfly/testing/ports.ts";
import type { FastifyInstance } from "fastify";
import { afterEach, expect, test } from "vitest";
import { createIdentity } from "../identity/create-identity.ts";
import { createDpop } from "../identity/dpop/dpop.ts";
import { type ProofKey, proofKey, proofText, signProof } from "../identity/dpop/testing/proofs.ts";
import { FakeProvider } from "../identity/testing/fake-provider.ts";
import { systemClock } from "../kernel/clock.ts";
import { createApi } from "./server.ts";
import { type Fakes, fakes } from "./testing/fakes.ts";

// The API with the real identity: what clients of HTTP and the SDK see of proofs.

const key = proofKey();
const provider = new FakeProvider();
const token = (bound: ProofKey | "nobody" = key, more: Record<string, unknown> = {}): string =>
  provider.token(Date.now(), {
    ...(bound === "nobody" ? {} : { cnf: { jkt: bound.thumbprint } }),
    ...more,
  });

const running: FastifyInstance[] = [];
afterEach(async () => {
  for (const app of running.splice(0)) await app.close();
});

/** Serves it. Gateways that share their store always demand their nonce. */
async function serve(more: { readonly require?: boolean } = {}): Promise<{ url: string; all: Fakes }> {
  // Proofs are made for the configured URL, which has to be known before it listens.
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const dpop = createDpop({ clock: systemClock, url, isShared: true });
  const identity = createIdentity({
    providers: [provider.settings(more.require === true ? { dpop: "require" } : {})],
    peopleClients: [],
    roles: { reviewer: [], operator: [], auditor: [] },
    clock: systemClock,
    fetch: provider.fetch,
    dpop,
  });
  const all = fakes({
    identity,
    url,
    dpop: { isRequired: more.require === true, nonceFor: (shown) => dpop.nonceFor(shown) },
  });
  const app = createApi(all.services);
  running.push(app);
  await app.listen({ host: "127.0.0.1", port });
  return { url, all };
}

interface Answered {
  readonly status: number;
  readonly challenge: string;
  readonly nonce: string | undefined;
  readonly body: Record<string, unknown>;
}

/** Sends one request. */
async function get(url: string, headers: Record<string, string>): Promise<Answered> {
  const response = await fetch(url, { headers });
  return {
    status: response.status,
    challenge: response.headers.get("www-authenticate") ?? "",
    nonce: response.headers.get("dpop-nonce") ?? undefined,
    body: (await response.json()) as Record<string, unknown>,
  };
}

const refusals = (all: Fakes): unknown[] => all.records.map(({ type }) => type);

test("asks for its nonce, takes the proof that has it once, and records no refusal of who was asked", async () => {
  const { url, all } = await serve();
  const path = `${url}/v1/grants`;
  const bound = token();
  const proof = (nonce?: string): string =>
    signProof(
      proofText(
        key,
        { method: "GET", url: path, token: bound, ...(nonce === undefined ? {} : { nonce }) },
        Date.now(),
      ),
      key,
    );
  const asked = await get(path, { authorization: `DPoP ${bound}`, dpop: proof() });
  expect(asked).toMatchObject({ status: 401, body: { code: "proof_nonce" } });
  expect(asked.challenge).toMatch(
    /^DPoP realm="mayfly", resource_metadata="[^"]+", algs="ES256 [^"]+", error="use_dpop_nonce", error_description="[^"]+"$/,
  );
  expect(refusals(all)).toEqual([]);
  const good = proof(asked.nonce);
  const taken = await get(`${path}?state=active`, { authorization: `DPoP ${bound}`, dpop: good });
  expect(taken.status).toBe(200);
  // The next nonce comes with the answer.
  expect(taken.nonce).toBeDefined();
  const replayed = await get(path, { authorization: `DPoP ${bound}`, dpop: good });
  expect(replayed).toMatchObject({ status: 401, body: { code: "proof_invalid" }, nonce: undefined });
  expect(replayed.challenge).toContain('error="invalid_dpop_proof"');
  expect(refusals(all)).toEqual(["authentication.refused"]);
});

test("a bound token needs its proof, and a bearer token is a bearer token", async () => {
  const { url } = await serve();
  const path = `${url}/v1/grants`;
  const bound = token();
  const asBearer = await get(path, { authorization: `Bearer ${bound}` });
  expect(asBearer).toMatchObject({ status: 401, body: { code: "proof_missing" } });
  expect(asBearer.challenge).toMatch(/^DPoP .*error="invalid_token"/);
  expect(String(asBearer.body["hint"])).toContain("grant's secret");
  expect(JSON.stringify(asBearer)).not.toContain(bound);
  const bearer = token("nobody");
  expect((await get(path, { authorization: `Bearer ${bearer}` })).status).toBe(200);
  const asBound = await get(path, { authorization: `DPoP ${bearer}`, dpop: "x.y.z" });
  expect(asBound).toMatchObject({ status: 401, body: { code: "token_unbound" } });
});

test("the SDK proves its key with every request, also on the stream of events, and answers demands of nonces", async () => {
  const { url, all } = await serve();
  const mayfly = createMayfly({
    url,
    token: () => token(),
    dpop: {
      privateKey: key.privateKey.toCryptoKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]),
      publicJwk: { ...key.jwk },
    },
  });
  for (let at = 0; at < 3; at += 1) expect(await mayfly.grants()).toEqual([]);
  const made = await mayfly.request({
    connection: "orders-db",
    operations: ["read-orders"],
    reason: "TICKET-1",
  });
  expect(made.state).toBe("approved");
  const until = new AbortController();
  const states: string[] = [];
  await mayfly.events(() => undefined, {
    signal: until.signal,
    onState(state) {
      states.push(state);
      until.abort();
    },
  });
  expect(states[0]).toBe("open");
  expect(refusals(all)).not.toContain("authentication.refused");
});

test("a provider that requires bound tokens refuses others, and the metadata says so", async () => {
  const { url } = await serve({ require: true });
  const refused = await get(`${url}/v1/grants`, { authorization: `Bearer ${token("nobody")}` });
  expect(refused).toMatchObject({ status: 401, body: { code: "token_unbound" } });
  const metadata = await get(`${url}/.well-known/oauth-protected-resource`, {});
  expect(metadata.body).toMatchObject({
    dpop_signing_alg_values_supported: ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512"],
    dpop_bound_access_tokens_required: true,
  });
  const lax = await serve();
  const theirs = await get(`${lax.url}/.well-known/oauth-protected-resource`, {});
  expect(theirs.body["dpop_bound_access_tokens_required"]).toBe(false);
});
