import { createHash } from "node:crypto";
import type { InjectOptions } from "fastify";
import type { FakeClock } from "@mayfly/testing/fake-clock.ts";
import { createIdentity } from "../../identity/create-identity.ts";
import { createDpop } from "../../identity/dpop/dpop.ts";
import { type ProofKey, proofKey, proofText, signProof } from "../../identity/dpop/testing/proofs.ts";
import type { Identity } from "../../identity/identity.ts";
import { FakeProvider } from "../../identity/testing/fake-provider.ts";
import { fakes } from "./fakes.ts";

/** What a proof is to say of the body, beside that it is of this request. */
export type Covers = "body" | "nothing" | { readonly claim: unknown };

/** The real identity beside the stub tokens of the fakes: one agent whose tokens may be bound to keys. */
export interface BoundWorld {
  readonly identity: Identity;
  readonly key: ProofKey;
  readonly otherKey: ProofKey;
  /** A request of that agent, under a token bound to a key or, left out, under a bearer token. */
  send(path: string, body: string, key?: ProofKey, covers?: Covers): InjectOptions;
}

/** What `body_sha256` has to say of a body. */
export const bodyDigest = (body: string): string => createHash("sha256").update(body).digest("base64url");

const [key, otherKey] = [proofKey(), proofKey()];
const provider = new FakeProvider();

/** Makes it; time moves on until no nonce is needed. */
export function boundWorld(clock: FakeClock): BoundWorld {
  const { url, identity: stub } = fakes({ clock }).services;
  const real = createIdentity({
    providers: [provider.settings()],
    peopleClients: [],
    roles: { reviewer: [], operator: [], auditor: [] },
    clock,
    fetch: provider.fetch,
    dpop: createDpop({ clock, url, isShared: false }),
  });
  clock.advance(120_000);
  const identity: Identity = {
    ...real,
    verify: (token, options) => (token.startsWith("token-") ? stub : real).verify(token, options),
  };
  function send(path: string, body: string, by?: ProofKey, covers: Covers = "nothing"): InjectOptions {
    const now = clock.wall();
    const token = provider.token(now, by === undefined ? {} : { cnf: { jkt: by.thumbprint } });
    const request = { method: "POST", url: path, payload: body, remoteAddress: "10.9.9.9" } as const;
    const json = {
      host: new URL(url).host,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    };
    if (by === undefined) return { ...request, headers: { ...json, authorization: `Bearer ${token}` } };
    const proof = proofText(by, { method: "POST", url: `${url}${path}`, token }, now);
    if (covers !== "nothing")
      proof.claims["body_sha256"] = covers === "body" ? bodyDigest(body) : covers.claim;
    return { ...request, headers: { ...json, authorization: `DPoP ${token}`, dpop: signProof(proof, by) } };
  }
  return { identity, key, otherKey, send };
}
