import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import type { Fetch } from "../../identity/provider/transport.ts";
import { createProviderProbes } from "./provider-probes.ts";

const issuer = "https://okta.test/oauth2/aus1";
const provider = { issuer, allowInsecureLoopback: false };

const settle = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await Promise.resolve();
};

function start(fetch: Fetch) {
  const clock = fakeClock();
  const turned: unknown[] = [];
  const identity = { agents: [provider, provider], people: { oidc: provider } } as unknown as ReturnType<
    Parameters<typeof createProviderProbes>[0]["identity"]
  >;
  const probes = createProviderProbes({
    clock,
    identity: () => identity,
    turned: (name, { state, detail }) => turned.push([name, state, detail]),
    reach: () => fetch,
    random: () => 0.5,
  });
  return { clock, probes, turned };
}

const answer = (status: number, body: object): Awaited<ReturnType<Fetch>> => ({
  status,
  headers: { get: () => null },
  body: (async function* () {
    yield Buffer.from(JSON.stringify(body));
  })(),
});

test("a provider is up while it serves the discovery document of its issuer, and is asked once a minute", async () => {
  const asked: string[] = [];
  let now = answer(200, { issuer });
  const { clock, probes, turned } = start(async (url) => {
    asked.push(url);
    return now;
  });
  clock.advance(2000);
  await settle();
  expect(probes.health(issuer).state).toBe("up");
  expect(asked).toEqual([`${issuer}/.well-known/openid-configuration`]);

  for (const [next, words] of [
    [answer(503, {}), /status 503/],
    [answer(200, { issuer: "https://elsewhere.test" }), /names another issuer/],
  ] as const) {
    now = next;
    clock.advance(60_000);
    await settle();
    expect(probes.health(issuer)).toMatchObject({ state: "down", detail: expect.stringMatching(words) });
  }
  now = answer(200, { issuer });
  clock.advance(60_000);
  await settle();
  expect(probes.health(issuer).state).toBe("up");
  expect(asked).toHaveLength(4);
  expect(turned).toEqual([
    [issuer, "down", expect.stringContaining("status 503")],
    [issuer, "up", undefined],
  ]);
  await probes.stop();
});

test("one that does not answer holds up no stop", async () => {
  const { clock, probes } = start(
    (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("aborted")));
      }),
  );
  clock.advance(2000);
  await probes.stop();
  expect(probes.health(issuer)).toEqual({ state: "unknown" });
});
