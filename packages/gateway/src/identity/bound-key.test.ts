import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createIdentity, type IdentityOptions } from "./create-identity.ts";
import { createDpop } from "./dpop/dpop.ts";
import type { PresentedToken } from "./dpop/presented-token.ts";
import { readProofClaims, splitProof } from "./dpop/proof.ts";
import { type ProofKey, proofKey, proofText, signProof } from "./dpop/testing/proofs.ts";
import type { Identity } from "./identity.ts";
import { FakeProvider } from "./testing/fake-provider.ts";

// The key that a verified token is bound to: what is asked or reported under it is its holder's.

const url = "https://mayfly.test:8443";
const key = proofKey();
const other = proofKey();
const provider = new FakeProvider();

function scene(more: Partial<IdentityOptions> = {}): {
  identity: Identity;
  bound: (by: ProofKey, claims?: Record<string, unknown>) => string;
  bearer: string;
  shown: (token: string, by: ProofKey, claims?: Record<string, unknown>) => PresentedToken;
} {
  const clock = fakeClock();
  const identity = createIdentity({
    providers: [provider.settings()],
    peopleClients: ["0oacli"],
    roles: { reviewer: [], operator: [], auditor: [] },
    clock,
    fetch: provider.fetch,
    dpop: createDpop({ clock, url, isShared: false }),
    ...more,
  });
  clock.advance(120_000);
  return {
    identity,
    bound: (by, claims = {}) => provider.token(clock.wall(), { cnf: { jkt: by.thumbprint }, ...claims }),
    bearer: provider.token(clock.wall()),
    shown(token, by, claims = {}) {
      const text = proofText(by, { method: "GET", url: `${url}/v1/me`, token }, clock.wall());
      const proofs = [signProof({ ...text, claims: { ...text.claims, ...claims } }, by)];
      return { scheme: "dpop", method: "GET", target: "/v1/me", proofs };
    },
  };
}

test("a bound token has its key's thumbprint, the first time and from memory", async () => {
  const { identity, bound, shown } = scene();
  for (const by of [key, other, key]) {
    const token = bound(by);
    expect((await identity.verify(token, { shown: shown(token, by) })).key).toBe(by.thumbprint);
    expect((await identity.verify(token, { shown: shown(token, by) })).key).toBe(by.thumbprint);
  }
});

test("a loan of a bound token has the same key, and a bearer token has none", async () => {
  const { identity, bound, bearer, shown } = scene();
  const token = bound(key);
  const how = shown(token, key);
  await identity.verify(token, { shown: how });
  expect((await identity.verify(identity.lend(token, how).bearer)).key).toBe(key.thumbprint);
  expect(await identity.verify(bearer)).not.toHaveProperty("key");
  const asBearer: PresentedToken = { scheme: "bearer", method: "GET", target: "/v1/me", proofs: [] };
  expect(await identity.verify(bearer, { shown: asBearer })).not.toHaveProperty("key");
});

test("whoever has left a group keeps the key", async () => {
  const { identity, bound, shown } = scene({ memberships: { still: () => [] } });
  const person = { cid: "0oacli", sub: "rosa@example.com", uid: "00uROSA", groups: ["sre"] };
  const token = bound(key, person);
  const verified = await identity.verify(token, { shown: shown(token, key) });
  expect([verified.key, verified.principal.groups]).toEqual([key.thumbprint, []]);
});

test("a bound token has no key to whoever cannot prove it", async () => {
  const { identity, bound, shown } = scene();
  const token = bound(key);
  await identity.verify(token, { shown: shown(token, key) });
  await expect(identity.verify(token)).rejects.toMatchObject({ code: "proof_missing" });
  await expect(identity.verify(token, { shown: shown(token, other) })).rejects.toMatchObject({
    code: "proof_invalid",
  });
});

test("a proof says which body it covers, where it covers one, and is bad where it says so badly", async () => {
  const { identity, bound, shown } = scene();
  const token = bound(key);
  const digestOf = ({ proofs: [proof = ""] }: PresentedToken): unknown =>
    readProofClaims(splitProof(proof).claims).bodyDigest;
  expect(digestOf(shown(token, key, { body_sha256: "abc" }))).toBe("abc");
  expect(digestOf(shown(token, key))).toBe(undefined);
  for (const bad of [7, "", null, ["abc"]]) {
    const verifying = identity.verify(token, { shown: shown(token, key, { body_sha256: bad }) });
    await expect(verifying).rejects.toMatchObject({ code: "proof_invalid" });
  }
  await identity.verify(token, { shown: shown(token, key, { body_sha256: "abc" }) });
});
