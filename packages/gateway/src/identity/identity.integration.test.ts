// tier: gate
import { randomUUID } from "node:crypto";
import { newSigningKey, startOktaStandIn } from "@mayfly/okta-stand-in";
import { SignJWT, importJWK } from "jose";
import type { JWK } from "jose";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import type { FakeClock } from "@mayfly/testing/fake-clock.ts";
import { Secret } from "../kernel/secret.ts";
import { createIdentity } from "./create-identity.ts";
import type { Identity } from "./identity.ts";

type OktaStandIn = Awaited<ReturnType<typeof startOktaStandIn>>;

const agentKey = await newSigningKey("RS256");
const { kty, n, e, kid } = agentKey;
const client = { clientId: "gateway", clientSecret: "a secret: with + and %" };

let okta: OktaStandIn;
let clock: FakeClock;
let identity: Identity;
beforeEach(async () => {
  okta = await startOktaStandIn({
    agents: [{ clientId: "0oabot", keys: [{ kty, n, e, kid } as JWK] }],
    people: [{ login: "alice@example.com", name: "Alice", groups: ["support-leads"] }],
    introspection: client,
  });
  clock = fakeClock(Date.now());
  identity = createIdentity({
    providers: [
      {
        issuer: okta.issuer,
        audiences: [okta.audience],
        groupsClaim: "groups",
        algorithms: ["RS256"],
        directory: new Map([["0oabot", { name: "support-bot", groups: ["support-agents"] }]]),
        outage: 600_000,
        introspection: {
          clientId: client.clientId,
          clientSecret: new Secret(client.clientSecret),
          every: 10_000,
        },
        allowInsecureLoopback: true,
      },
    ],
    peopleClients: [okta.peopleClient],
    roles: { reviewer: ["support-leads"], operator: [], auditor: [] },
    clock,
  });
});
afterEach(async () => {
  identity.close();
  await okta.close();
});

async function post(path: string, form: Record<string, string>): Promise<Record<string, string>> {
  const response = await fetch(`${okta.issuer}${path}`, { method: "POST", body: new URLSearchParams(form) });
  return (await response.json()) as Record<string, string>;
}

async function agentToken(): Promise<string> {
  const assertion = await new SignJWT({})
    .setProtectedHeader({ alg: "RS256", kid: kid! })
    .setIssuer("0oabot")
    .setSubject("0oabot")
    .setAudience(okta.tokenEndpoint)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime("1m")
    .sign(await importJWK(agentKey, "RS256"));
  const answer = await post("/v1/token", {
    grant_type: "client_credentials",
    scope: "mayfly",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: assertion,
  });
  return answer["access_token"]!;
}

test("a service app, by client_credentials with private_key_jwt, is the agent that the directory names", async () => {
  const { principal } = await identity.verify(await agentToken(), { introspect: true });
  expect(principal).toMatchObject({
    kind: "agent",
    issuer: okta.issuer,
    subject: "0oabot",
    client: "0oabot",
    name: "support-bot",
    groups: ["support-agents"],
    roles: [],
  });
});

test("a person, by device flow, has roles from groups; the ID token beside it is refused", async () => {
  const device = await post("/v1/device/authorize", { client_id: okta.peopleClient, scope: "openid mayfly" });
  await okta.signIn(device["verification_uri_complete"]!, "alice@example.com");
  const tokens = await post("/v1/token", {
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    client_id: okta.peopleClient,
    device_code: device["device_code"]!,
  });
  const { principal } = await identity.verify(tokens["access_token"]!, { introspect: true });
  expect(principal).toMatchObject({
    kind: "person",
    subject: "alice@example.com",
    client: okta.peopleClient,
    groups: ["support-leads"],
    roles: ["reviewer"],
  });
  await expect(identity.verify(tokens["id_token"]!)).rejects.toMatchObject({ name: "IdentityError" });
  // Not even one for our audience, as a careless administrator might set it up.
  const claims = {
    iss: okta.issuer,
    aud: okta.audience,
    sub: "00u1",
    exp: clock.wall() / 1000 + 60,
    iat: clock.wall() / 1000,
  };
  await expect(identity.verify(await okta.mint(claims))).rejects.toMatchObject({ code: "token_type" });
});

test("an agent acting for a person, as after an ID-JAG exchange", async () => {
  const token = await okta.tokenFor({ agent: "0oabot", person: "alice@example.com" });
  const { principal } = await identity.verify(token, { introspect: true });
  expect(principal).toMatchObject({
    kind: "agent",
    client: "0oabot",
    person: { issuer: okta.issuer, subject: "alice@example.com" },
    actors: ["0oabot"],
    roles: [],
  });
});

test("a registered agent acting for a service app, whose token names no client", async () => {
  const token = await okta.tokenFor({ agent: "0oabot", service: "0oaservice" });
  const { principal } = await identity.verify(token);
  expect(principal).toMatchObject({
    kind: "agent",
    client: "0oabot",
    subject: "0oaservice",
    actors: ["0oabot", "0oaservice"],
  });
  expect(principal.person).toBeUndefined();
});

test("keys rotated right after a fetch are found; a key taken out verifies no more", async () => {
  const old = await agentToken();
  await identity.verify(old);
  await okta.rotateKeys();
  await identity.verify(await agentToken());
  await identity.verify(old);
  await okta.rotateKeys({ keep: false });
  await identity.verify(await agentToken());
  await expect(identity.verify(old)).rejects.toMatchObject({ code: "token_key" });
});

test.each(["reset", "unavailable"] as const)(
  "an outage (%s): known keys go on for its bound, then 503, then recovery",
  async (how) => {
    await identity.verify(await agentToken());
    const later = await okta.tokenFor({ agent: "0oabot" });
    okta.pause(how);
    await identity.verify(later);
    await expect(identity.verify(later, { introspect: true })).rejects.toMatchObject({
      code: "introspection_unavailable",
    });
    clock.advance(600_001);
    const third = await okta.tokenFor({ agent: "0oabot" });
    await expect(identity.verify(third)).rejects.toMatchObject({ code: "keys_unavailable", status: 503 });
    expect(identity.unavailable).toBeDefined();
    okta.resume();
    clock.advance(5000);
    await identity.verify(third);
    expect(identity.unavailable).toBeUndefined();
  },
);

test("a revocation and a deactivation are seen by the watch", async () => {
  for (const withdraw of [(token: string) => okta.revoke(token), async () => okta.deactivate("0oabot")]) {
    const token = await agentToken();
    const { principal } = await identity.verify(token, { introspect: true });
    const withdrawn = new Promise<string>((resolve) => identity.watch(principal, resolve));
    const looks = okta.hits.get("/v1/introspect") ?? 0;
    clock.advance(10_000);
    await expect.poll(() => okta.hits.get("/v1/introspect")).toBe(looks + 1);
    await withdraw(token);
    // The next look is planned as soon as the answer to the last one has been read.
    await expect
      .poll(() => {
        clock.advance(10_000);
        return Promise.race([withdrawn, Promise.resolve(undefined)]);
      })
      .toBe("the access token is no longer active");
    await expect(identity.verify(token)).rejects.toMatchObject({ code: "token_inactive" });
  }
});

test("a flood of unknown kids makes a few fetches", async () => {
  await identity.warm();
  const token = await okta.tokenFor({ agent: "0oabot" });
  const [, claims, signature] = token.split(".");
  const results = await Promise.allSettled(
    Array.from({ length: 1000 }, (_, index) => {
      const header = Buffer.from(JSON.stringify({ alg: "RS256", kid: `made-up-${index}` })).toString(
        "base64url",
      );
      return identity.verify(`${header}.${claims}.${signature}`);
    }),
  );
  expect(results.every(({ status }) => status === "rejected")).toBe(true);
  expect(okta.hits.get("/v1/keys")).toBeLessThanOrEqual(4);
  await identity.verify(token);
});
