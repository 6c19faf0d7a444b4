import { afterEach, expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createIdentity } from "../create-identity.ts";
import type { Identity } from "../identity.ts";
import type { TrustedProvider } from "../../kernel/trusted-provider.ts";
import { FakeProvider, sharedKey, testKey } from "../testing/fake-provider.ts";
import type { Fetch } from "../provider/transport.ts";

const second = testKey("key-2");
const third = testKey("key-3");
const open: Identity[] = [];
afterEach(() => {
  for (const identity of open.splice(0)) identity.close();
});

function scene(more: Partial<TrustedProvider> = {}, others: FakeProvider[] = [], fetch?: Fetch) {
  const clock = fakeClock();
  const provider = new FakeProvider();
  const identity = createIdentity({
    providers: [provider.settings(more), ...others.map((other) => other.settings())],
    peopleClients: [],
    roles: { reviewer: [], operator: [], auditor: [] },
    clock,
    fetch:
      fetch ??
      ((url, request) => (others.find((one) => url.startsWith(one.issuer)) ?? provider).fetch(url, request)),
  });
  open.push(identity);
  /** Lets everything that waits for the (socketless) provider go on. */
  const settle = async () => {
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  };
  const advance = async (ms: number) => {
    clock.advance(ms);
    await settle();
  };
  const verify = (header = {}, key = provider.keys[0]) =>
    identity.verify(provider.token(clock.wall(), { jti: `AT.${Math.random()}` }, header, key));
  return { clock, provider, identity, settle, advance, verify };
}

test("one fetch serves many tokens", async () => {
  const { provider, verify } = scene();
  await Promise.all(Array.from({ length: 20 }, () => verify()));
  await verify();
  expect(provider.count("/v1/keys")).toBe(1);
  expect(provider.count("/.well-known/openid-configuration")).toBe(1);
});

test("keys rotated right after a fetch, twice, are found at once", async () => {
  const { provider, verify } = scene();
  await verify();
  provider.keys = [second, sharedKey];
  await verify();
  provider.keys = [third, second];
  await verify();
  expect(provider.count("/v1/keys")).toBe(3);
});

test("a key that was taken out no longer verifies, not even a token seen before", async () => {
  const { provider, identity, clock, verify } = scene();
  const token = provider.token(clock.wall());
  await identity.verify(token);
  provider.keys = [second];
  await verify();
  await expect(identity.verify(token)).rejects.toMatchObject({ code: "token_key" });
});

test("another key under an old kid verifies its own tokens alone", async () => {
  const { provider, identity, clock, verify, advance } = scene();
  const token = provider.token(clock.wall());
  await identity.verify(token);
  const impostor = testKey(sharedKey.kid);
  provider.keys = [impostor];
  await advance(300_000);
  await expect(identity.verify(token)).rejects.toMatchObject({ code: "token_signature" });
  await verify({}, impostor);
});

test("a flood of unknown kids makes a few fetches, and then one in five seconds", async () => {
  const { provider, identity, verify, clock, advance } = scene();
  await identity.warm();
  const flood = async () => {
    const tokens = Array.from({ length: 40 }, (_, n) =>
      provider.token(clock.wall(), {}, { kid: `x${clock.wall()}-${n}` }),
    );
    const results = await Promise.allSettled(tokens.map((token) => identity.verify(token)));
    expect(results.every(({ status }) => status === "rejected")).toBe(true);
  };
  for (let round = 0; round < 5; round += 1) await flood();
  expect(provider.count("/v1/keys")).toBeLessThanOrEqual(4);
  const before = provider.count("/v1/keys");
  for (let elapsed = 0; elapsed < 30_000; elapsed += 1000) {
    await advance(1000);
    await flood();
  }
  expect(provider.count("/v1/keys") - before).toBeLessThanOrEqual(7);
  expect(provider.count("/v1/keys") - before).toBeGreaterThanOrEqual(5);
  // Known keys were never in danger.
  await verify();
});

test("a key rotated during a flood is learnt within five seconds, though nobody asks again", async () => {
  const { provider, identity, verify, clock, advance } = scene();
  await identity.warm();
  for (let n = 0; n < 50; n += 1) {
    await identity.verify(provider.token(clock.wall(), {}, { kid: `x${n}` })).catch(() => {});
  }
  provider.keys = [second];
  await expect(verify()).rejects.toMatchObject({ code: "token_key", status: 401 });
  const before = provider.count("/v1/keys");
  await advance(5000);
  expect(provider.count("/v1/keys")).toBe(before + 1);
  await verify();
});

test("keys survive an outage for its bound, then everything fails closed, and recovers by itself", async () => {
  const { provider, identity, verify, clock, advance } = scene({ outage: 600_000 });
  const token = provider.token(clock.wall());
  await identity.verify(token);
  provider.down = true;
  for (let elapsed = 0; elapsed < 590_000; elapsed += 10_000) {
    await advance(10_000);
    await verify({}, sharedKey);
  }
  expect(identity.unavailable).toBeUndefined();
  await advance(10_000);
  await expect(verify({}, sharedKey)).rejects.toMatchObject({ code: "keys_unavailable", status: 503 });
  // A token that was verified before does not verify either.
  await expect(identity.verify(token)).rejects.toMatchObject({ code: "keys_unavailable" });
  expect(identity.unavailable).toMatch(/ECONNREFUSED.*older than 10m/);
  provider.down = false;
  await advance(60_000);
  expect(identity.unavailable).toBeUndefined();
  await verify({}, sharedKey);
});

test("stepping the wall clock back does not stretch an outage", async () => {
  const { provider, verify, clock, advance } = scene({ outage: 600_000 });
  await verify();
  provider.down = true;
  clock.stepWall(-500_000);
  await advance(600_000);
  await expect(verify()).rejects.toMatchObject({ code: "keys_unavailable" });
});

test("stepping the wall clock back does not revive a token", async () => {
  const { provider, identity, clock } = scene();
  const token = provider.token(clock.wall(), { exp: Math.floor(clock.wall() / 1000) + 60 });
  await identity.verify(token);
  clock.advance(91_000);
  await expect(identity.verify(token)).rejects.toMatchObject({ code: "token_expired" });
});

test("in an outage a token of an unknown key is answered with 503: nobody can know", async () => {
  const { provider, identity, verify } = scene();
  await identity.warm();
  provider.down = true;
  await expect(verify({}, second)).rejects.toMatchObject({ code: "keys_unavailable", status: 503 });
});

test("a provider that was never reached: 503, few attempts, and a retry that needs no token", async () => {
  const { provider, identity, verify, advance } = scene();
  provider.down = true;
  await identity.warm();
  expect(identity.unavailable).toMatch("ECONNREFUSED");
  for (let n = 0; n < 50; n += 1) await expect(verify()).rejects.toMatchObject({ code: "keys_unavailable" });
  expect(provider.count("/.well-known/openid-configuration")).toBeLessThanOrEqual(4);
  provider.down = false;
  await advance(5000);
  expect(identity.unavailable).toBeUndefined();
});

test("Cache-Control is honoured within bounds", async () => {
  for (const [maxAge, quiet, refreshed] of [
    [120, 119_000, 2_000],
    [0, 59_000, 2_000],
    [undefined, 299_000, 2_000],
    [10_000_000, 86_399_000, 2_000],
  ] as const) {
    const { provider, identity, advance } = scene({ outage: 10 * 86_400_000 });
    provider.maxAge = maxAge;
    await identity.warm();
    await advance(quiet);
    expect(provider.count("/v1/keys")).toBe(1);
    await advance(refreshed);
    expect(provider.count("/v1/keys")).toBe(2);
    identity.close();
  }
});

test("a long max-age does not outlive the bound on outages: keys are refreshed in time", async () => {
  const { provider, identity, advance } = scene({ outage: 600_000 });
  provider.maxAge = 86_400;
  await identity.warm();
  for (let minute = 0; minute < 60; minute += 1) {
    await advance(60_000);
    expect(identity.unavailable).toBeUndefined();
  }
  expect(provider.count("/v1/keys")).toBeLessThanOrEqual(13);
});

test("with an outage of 0 keys are used while the provider answers, and no longer than a second", async () => {
  const { provider, verify, advance } = scene({ outage: 0 });
  await verify();
  for (let turn = 0; turn < 20; turn += 1) {
    await advance(500);
    await verify();
  }
  provider.down = true;
  await advance(1000);
  await expect(verify()).rejects.toMatchObject({ code: "keys_unavailable" });
});

test("a provider that goes silent delays no token of a known key", async () => {
  let silent = false;
  const provider = new FakeProvider();
  const { identity, clock, advance } = scene({}, [], (url, request) =>
    silent ? new Promise(() => {}) : provider.fetch(url, request),
  );
  await identity.verify(provider.token(clock.wall()));
  silent = true;
  // The refresh is under way now, and hangs.
  await advance(300_000);
  await expect(identity.verify(provider.token(clock.wall()))).resolves.toBeDefined();
});

test("after a suspended machine, whose timers are late, keys are refreshed before any token is believed", async () => {
  const { provider, identity, clock } = scene();
  await identity.warm();
  provider.keys = [second];
  clock.stepWall(400_000);
  await expect(identity.verify(provider.token(clock.wall(), {}, {}, sharedKey))).rejects.toMatchObject({
    code: "token_key",
  });
});

test("a provider that never answers is given up after five seconds", async () => {
  const { identity, advance, settle } = scene({}, [], () => new Promise(() => {}));
  const warm = identity.warm();
  await settle();
  await advance(5000);
  await warm;
  expect(identity.unavailable).toMatch(/no answer within 5000 ms/);
});

test("two providers do not affect each other, and neither's keys verify the other's tokens", async () => {
  const other = new FakeProvider("https://okta.example/oauth2/aus2", [second]);
  const { provider, identity, clock, verify } = scene({}, [other]);
  await verify();
  await identity.verify(other.token(clock.wall()));
  await expect(verify({}, second)).rejects.toMatchObject({ code: "token_key" });
  other.down = true;
  for (let n = 0; n < 20; n += 1) {
    await identity.verify(other.token(clock.wall(), {}, { kid: `x${n}` })).catch(() => {});
  }
  provider.keys = [third];
  await verify();
  expect(identity.unavailable).toBeUndefined();
});

test("closed, nothing verifies and no timer is left", async () => {
  const { provider, identity, verify, advance } = scene();
  await verify();
  identity.close();
  await expect(verify()).rejects.toMatchObject({ code: "keys_unavailable" });
  const before = provider.requests.length;
  await advance(3600_000);
  expect(provider.requests.length).toBe(before);
});
