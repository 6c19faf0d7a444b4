import { afterEach, expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { Secret } from "../../kernel/secret.ts";
import { createIdentity } from "../create-identity.ts";
import type { Identity } from "../identity.ts";
import { FakeProvider } from "../testing/fake-provider.ts";

const path = "/v1/introspect";
const open: Identity[] = [];
afterEach(() => {
  for (const identity of open.splice(0)) identity.close();
});

function scene({ configured = true } = {}) {
  const clock = fakeClock();
  const provider = new FakeProvider();
  const introspection = { clientId: "gate way", clientSecret: new Secret("s:cr+t"), every: 10_000 };
  const identity = createIdentity({
    providers: [provider.settings({ outage: 86_400_000, ...(configured ? { introspection } : {}) })],
    peopleClients: [],
    roles: { reviewer: [], operator: [], auditor: [] },
    clock,
    fetch: provider.fetch,
  });
  open.push(identity);
  const advance = async (ms: number) => {
    clock.advance(ms);
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  };
  let made = 0;
  const token = (claims = {}) => {
    made += 1;
    return provider.token(clock.wall(), { jti: `AT.${made}`, ...claims });
  };
  const reasons: string[] = [];
  const told = (reason: string) => void reasons.push(reason);
  return { clock, provider, identity, advance, token, reasons, told };
}

test("at request time an inactive token is refused, and stays refused without asking again", async () => {
  const { provider, identity, token } = scene();
  const shown = token();
  await identity.verify(shown, { introspect: true });
  provider.revoked.add(shown);
  await expect(identity.verify(shown)).resolves.toBeDefined();
  await expect(identity.verify(shown, { introspect: true })).rejects.toMatchObject({
    code: "token_inactive",
    status: 401,
  });
  await expect(identity.verify(shown)).rejects.toMatchObject({ code: "token_inactive" });
  expect(provider.count(path)).toBe(2);
});

test("the gateway authenticates with client_secret_basic, form-encoded, and posts the token", async () => {
  const { provider, identity, token } = scene();
  const shown = token();
  await identity.verify(shown, { introspect: true });
  const { request } = provider.requests.findLast((one) => one.path === path)!;
  expect(request.method).toBe("POST");
  expect(Buffer.from(request.headers["authorization"]!.slice("Basic ".length), "base64").toString()).toBe(
    "gate+way:s%3Acr%2Bt",
  );
  expect(new URLSearchParams(request.body).get("token")).toBe(shown);
});

test("many requests with one token at once ask once; the next one asks again", async () => {
  const { provider, identity, token } = scene();
  const shown = token();
  await identity.verify(shown);
  await Promise.all(Array.from({ length: 50 }, () => identity.verify(shown, { introspect: true })));
  expect(provider.count(path)).toBe(1);
  await identity.verify(shown, { introspect: true });
  expect(provider.count(path)).toBe(2);
});

test("without introspection configured, asking for it changes nothing and a watch never looks", async () => {
  const { provider, identity, token, advance, reasons, told } = scene({ configured: false });
  const { principal } = await identity.verify(token(), { introspect: true });
  identity.watch(principal, told);
  await advance(3600_000);
  expect(provider.count(path)).toBe(0);
  expect(reasons).toEqual([]);
});

test.each([
  ["an error", { status: 401, body: "{}" }],
  ["a redirect", { status: 302, body: "" }],
  ["no JSON", { body: "active" }],
  ["null", { body: "null" }],
  ["no verdict", { body: "{}" }],
  ["a verdict as text", { body: '{"active":"true"}' }],
  ["a verdict as a number", { body: '{"active":1}' }],
  ["two verdicts", { body: '{"active":false,"active":true}' }],
])("an answer that is %s fails closed", async (_, answer) => {
  const { provider, identity, token } = scene();
  provider.answers.set(path, answer);
  await expect(identity.verify(token(), { introspect: true })).rejects.toMatchObject({
    code: "introspection_unavailable",
    status: 503,
  });
});

test("an answer about somebody else is no yes", async () => {
  const { provider, identity, token } = scene();
  provider.answers.set(path, { body: '{"active":true,"sub":"someone-else"}' });
  await expect(identity.verify(token(), { introspect: true })).rejects.toMatchObject({
    code: "token_inactive",
  });
});

test("a provider without an introspection endpoint fails closed", async () => {
  const { provider, identity, token } = scene();
  provider.answers.set("/.well-known/openid-configuration", {
    body: JSON.stringify({ issuer: provider.issuer, jwks_uri: `${provider.issuer}/v1/keys` }),
  });
  await expect(identity.verify(token(), { introspect: true })).rejects.toMatchObject({
    code: "introspection_unavailable",
  });
});

test("a revocation is seen by the next look, once, and the token stays refused", async () => {
  const { provider, identity, token, advance, reasons, told } = scene();
  const shown = token();
  const { principal } = await identity.verify(shown);
  identity.watch(principal, told);
  await advance(10_000);
  await advance(10_000);
  expect(provider.count(path)).toBe(2);
  expect(reasons).toEqual([]);
  provider.revoked.add(shown);
  await advance(10_000);
  expect(reasons).toEqual(["the access token is no longer active"]);
  await expect(identity.verify(shown)).rejects.toMatchObject({ code: "token_inactive" });
  await advance(100_000);
  expect(reasons).toHaveLength(1);
  expect(provider.count(path)).toBe(3);
});

test("several sessions of one principal share a look, and each is told", async () => {
  const { provider, identity, token, advance, reasons, told } = scene();
  const shown = token();
  const { principal } = await identity.verify(shown);
  const stop = identity.watch(principal, told);
  identity.watch(principal, told);
  identity.watch(principal, told);
  await advance(10_000);
  expect(provider.count(path)).toBe(1);
  stop();
  stop();
  provider.revoked.add(shown);
  await advance(10_000);
  expect(reasons).toHaveLength(2);
});

test("nobody is watched any more: no further look", async () => {
  const { provider, identity, token, advance, told } = scene();
  const { principal } = await identity.verify(token());
  identity.watch(principal, told)();
  await advance(100_000);
  expect(provider.count(path)).toBe(0);
});

test("the newest token shown counts: an older one revoked does no harm, an older one shown later neither", async () => {
  const { provider, identity, token, clock, advance, reasons, told } = scene();
  const first = token();
  const { principal } = await identity.verify(first);
  identity.watch(principal, told);
  await advance(5000);
  const next = token();
  await identity.verify(next);
  await identity.verify(first);
  provider.revoked.add(first);
  await advance(5000);
  expect(reasons).toEqual([]);
  provider.revoked.add(next);
  expect(clock.wall()).toBeGreaterThan(0);
  await advance(10_000);
  expect(reasons).toEqual(["the access token is no longer active"]);
});

test("an expired token ends the watch when no fresh one was shown", async () => {
  const { identity, token, clock, advance, reasons, told } = scene();
  const { principal } = await identity.verify(token({ exp: Math.floor(clock.wall() / 1000) + 25 }));
  identity.watch(principal, told);
  await advance(20_000);
  expect(reasons).toEqual([]);
  await advance(10_000);
  expect(reasons).toEqual(["the access token has expired and no fresh one was shown"]);
});

test("an outage of introspection is borne twice, then the identity counts as withdrawn", async () => {
  const { provider, identity, token, advance, reasons, told } = scene();
  const { principal } = await identity.verify(token());
  identity.watch(principal, told);
  provider.answers.set(path, { status: 503, body: "" });
  await advance(10_000);
  await advance(10_000);
  provider.answers.delete(path);
  await advance(10_000);
  provider.answers.set(path, { status: 503, body: "" });
  await advance(10_000);
  await advance(10_000);
  expect(reasons).toEqual([]);
  await advance(10_000);
  expect(reasons).toEqual(["the identity provider did not say 3 times whether the access token is active"]);
});

test("another principal of the same client is not withdrawn with it", async () => {
  const { provider, identity, token, advance, reasons, told } = scene();
  const act = { sub: "0oabot" };
  const alices = token({ sub: "alice@example.com", uid: "00u1", act });
  const bobs = token({ sub: "bob@example.com", uid: "00u2", act });
  const alice = await identity.verify(alices);
  const bob = await identity.verify(bobs);
  identity.watch(alice.principal, (reason) => told(`alice: ${reason}`));
  identity.watch(bob.principal, (reason) => told(`bob: ${reason}`));
  provider.revoked.add(bobs);
  await advance(10_000);
  expect(reasons).toEqual(["bob: the access token is no longer active"]);
});

test("a principal that has shown no token to this process is withdrawn at the first look", async () => {
  const { identity, token, provider, advance, reasons, told } = scene();
  await identity.verify(token());
  identity.watch(
    {
      kind: "agent",
      issuer: provider.issuer,
      subject: "x",
      client: "x",
      name: "x",
      groups: [],
      actors: [],
    },
    told,
  );
  await advance(10_000);
  expect(reasons).toEqual(["no active access token of this principal is known here"]);
});

test("a stock of tokens buys no time: fresher ones that are shown during a look get theirs at once", async () => {
  const { provider, identity, token, clock, advance, reasons, told } = scene();
  const stock = Array.from({ length: 8 }, (_, at) =>
    token({ iat: Math.floor(clock.wall() / 1000) - 100 + at }),
  );
  const { principal } = await identity.verify(stock[0]!);
  identity.watch(principal, told);
  for (const one of stock) provider.revoked.add(one);
  let next = 1;
  provider.whileIntrospecting = async () => {
    const fresher = stock[next];
    next += 1;
    if (fresher !== undefined) await identity.verify(fresher).catch(() => undefined);
  };
  await advance(10_000);
  // Signatures are verified beside this thread, in their own time.
  const toldSoFar = async (): Promise<unknown> => {
    await advance(0);
    return reasons;
  };
  await expect.poll(toldSoFar).toEqual(["the access token is no longer active"]);
  expect(next).toBeLessThanOrEqual(5);
});

test("a token that is refused as inactive at the door ends the watch on its principal at once", async () => {
  const { provider, identity, token, reasons, told } = scene();
  const shown = token();
  const { principal } = await identity.verify(shown);
  identity.watch(principal, told);
  provider.revoked.add(shown);
  await expect(identity.verify(shown, { introspect: true })).rejects.toMatchObject({
    code: "token_inactive",
  });
  expect(reasons).toEqual(["the access token is no longer active"]);
});

test("somebody of whom nothing is known may use nothing until they show a token", async () => {
  const { identity, token, clock, advance } = scene();
  const shown = token({ exp: Math.floor(clock.wall() / 1000) + 25 });
  const { principal } = await identity.verify(shown);
  const kinds: string[] = [];
  const told = (_: string, kind: string): void => void kinds.push(kind);
  const other = { ...principal, subject: "0oaother" };
  identity.watch(other, told);
  identity.watch(principal, told);
  expect(identity.unknown(principal)).toBeUndefined();
  // Time to show one, after a restart: until the first look.
  expect(identity.unknown(other)).toBeUndefined();
  await advance(10_000);
  expect(identity.unknown(other)).toContain("no active access token");
  await advance(10_000);
  await advance(10_000);
  expect(identity.unknown(principal)).toContain("has expired");
  expect(kinds).toEqual(["unknown", "unknown"]);
  await identity.verify(token());
  expect(identity.unknown(principal)).toBeUndefined();
  await advance(60_000);
  expect(identity.unknown(principal)).toBeUndefined();
  expect(kinds).toEqual(["unknown", "unknown"]);
});

test("a listener that throws keeps nobody else from being told", async () => {
  const { provider, identity, token, advance, reasons, told } = scene();
  const shown = token();
  const { principal } = await identity.verify(shown);
  identity.watch(principal, () => {
    throw new Error("a listener of somebody's");
  });
  identity.watch(principal, told);
  provider.revoked.add(shown);
  await advance(10_000);
  expect(reasons).toHaveLength(1);
});

test("the secret is in no error", async () => {
  const { provider, identity, token } = scene();
  provider.answers.set(path, { status: 400, body: "s:cr+t" });
  const error: unknown = await identity
    .verify(token(), { introspect: true })
    .catch((thrown: unknown) => thrown);
  expect(String((error as Error).stack) + JSON.stringify(error)).not.toContain("s:cr");
});
