import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createIdentity } from "./create-identity.ts";
import { FakeProvider, publicHalf, sharedKey, testKey } from "./testing/fake-provider.ts";

/** A gateway whose one provider is a fake that says what a row wants it to say. */
function scene() {
  const provider = new FakeProvider();
  const clock = fakeClock();
  const identity = createIdentity({
    providers: [provider.settings()],
    peopleClients: [],
    roles: { reviewer: [], operator: [], auditor: [] },
    clock,
    fetch: provider.fetch,
  });
  return { provider, identity, verify: () => identity.verify(provider.token(clock.wall())) };
}

const bad: [string, string, { status?: number; headers?: Record<string, string>; body: string }, RegExp][] = [
  ["a redirect", "/v1/keys", { status: 302, headers: { location: "https://evil" }, body: "" }, /status 302/],
  ["an error", "/v1/keys", { status: 500, body: "{}" }, /status 500/],
  ["too large", "/v1/keys", { body: " ".repeat(300_000) }, /longer than/],
  ["not JSON", "/v1/keys", { body: "<html>" }, /not JSON/],
  ["duplicate names", "/v1/keys", { body: '{"keys":[],"keys":[]}' }, /twice/],
  ["no keys", "/v1/keys", { body: "{}" }, /no list of keys/],
  ["null", "/v1/keys", { body: "null" }, /no list of keys/],
  [
    "too many keys",
    "/v1/keys",
    { body: JSON.stringify({ keys: Array.from({ length: 65 }, () => ({})) }) },
    /more than 64/,
  ],
  ["an empty key set", "/v1/keys", { body: '{"keys":[]}' }, /no usable key/],
];
const discovery = (more: object) => ({
  body: JSON.stringify({
    issuer: "https://okta.example/oauth2/aus1",
    jwks_uri: "https://okta.example/oauth2/aus1/v1/keys",
    ...more,
  }),
});
const wrongDiscovery: [string, object, RegExp][] = [
  ["another issuer", { issuer: "https://evil.example" }, /another issuer/],
  ["issuer with a slash", { issuer: "https://okta.example/oauth2/aus1/" }, /another issuer/],
  ["no issuer", { issuer: undefined }, /another issuer/],
  ["keys elsewhere", { jwks_uri: "https://evil.example/keys" }, /origin/],
  ["keys on another port", { jwks_uri: "https://okta.example:444/keys" }, /origin/],
  ["keys over http", { jwks_uri: "http://okta.example/keys" }, /https/],
  ["keys with credentials", { jwks_uri: "https://a:b@okta.example/keys" }, /credentials/],
  ["keys in a file", { jwks_uri: "file:///etc/passwd" }, /https/],
  ["no keys", { jwks_uri: undefined }, /not a URL/],
  ["introspection elsewhere", { introspection_endpoint: "https://evil.example/i" }, /origin/],
];
test.each([
  ...bad,
  ...wrongDiscovery.map(
    ([name, more, why]) =>
      [`discovery: ${name}`, "/.well-known/openid-configuration", discovery(more), why] as const,
  ),
])("refused from the provider: %s", async (_, path, answer, why) => {
  const { provider, identity, verify } = scene();
  provider.answers.set(path, answer);
  await identity.warm();
  expect(identity.unavailable).toMatch(why);
  await expect(verify()).rejects.toMatchObject({ name: "IdentityError" });
});

test.each([
  ["for encryption", { use: "enc" }],
  ["for another algorithm", { alg: "PS256" }],
  ["for signing only", { key_ops: ["sign"] }],
  ["without a kid", { kid: undefined }],
  ["of another type", { kty: "oct", k: "AAAA" }],
  ["with an exponent of 1", { e: "AQ" }],
  ["with a broken modulus", { n: "AQAB" }],
  ["with a modulus that is no text", { n: 5 }],
])("a published key %s is not used", async (_, more) => {
  const { provider, verify } = scene();
  provider.answers.set("/v1/keys", {
    body: JSON.stringify({ keys: [{ ...publicHalf(sharedKey), ...more }] }),
  });
  await expect(verify()).rejects.toMatchObject({ code: "token_key" });
});

test("two published keys with one kid are both not used", async () => {
  const { provider, verify } = scene();
  provider.keys = [sharedKey, testKey(sharedKey.kid)];
  await expect(verify()).rejects.toMatchObject({ code: "token_key" });
});

test("an issuer over http needs the loopback address and its switch", async () => {
  for (const [issuer, allow, works] of [
    ["http://127.0.0.1:9/oauth2/a", true, true],
    ["http://localhost:9/oauth2/a", true, true],
    ["http://127.0.0.1:9/oauth2/a", false, false],
    ["http://okta.example/oauth2/a", true, false],
    ["http://127.0.0.1.evil.example/oauth2/a", true, false],
  ] as const) {
    const provider = new FakeProvider(issuer);
    const identity = createIdentity({
      providers: [provider.settings({ allowInsecureLoopback: allow })],
      peopleClients: [],
      roles: { reviewer: [], operator: [], auditor: [] },
      clock: fakeClock(),
      fetch: provider.fetch,
    });
    await identity.warm();
    expect([issuer, allow, identity.unavailable === undefined]).toEqual([issuer, allow, works]);
    identity.close();
  }
});
