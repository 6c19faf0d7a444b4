import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { documentFetcher } from "../../provider/document.ts";
import { providerKeys } from "../../tokens/keys.ts";
import { FakeProvider, sharedKey, signRaw } from "../../testing/fake-provider.ts";
import { SignInRefused } from "../problems.ts";
import { readIdToken } from "./id-token.ts";
import type { Expected } from "./id-token.ts";

// openid-client checks claims as well, and before ours; these are ours alone, should it ever look away.

const clock = fakeClock();
const now = Math.floor(clock.wall() / 1000);
const provider = new FakeProvider("https://okta.example");
const settings = provider.settings({ audiences: ["gw"], algorithms: ["RS256"] });
const keys = providerKeys(settings, documentFetcher(provider.fetch, clock), clock);
const desk = { provider: settings, keys, now: () => clock.wall() };

async function outcome(claims: Record<string, unknown>, more: Partial<Expected> = {}): Promise<string> {
  const all = {
    iss: provider.issuer,
    aud: "gw",
    sub: "00ualice",
    nonce: "n",
    iat: now,
    exp: now + 60,
    auth_time: now,
    ...claims,
  };
  const token = signRaw(JSON.stringify({ alg: "RS256", kid: sharedKey.kid }), JSON.stringify(all), sharedKey);
  try {
    return (await readIdToken(token, { nonce: "n", accessToken: "a", ...more }, desk)).subject;
  } catch (error) {
    if (!(error instanceof SignInRefused)) throw error;
    return error.why;
  }
}

test("an ID token", async () => {
  expect(await outcome({})).toBe("00ualice");
});

test.each<[string, Record<string, unknown>, string]>([
  ["no nonce", { nonce: undefined }, "nonce"],
  ["another nonce", { nonce: "m" }, "nonce"],
  ["a nonce in a list", { nonce: ["n"] }, "nonce"],
  ["another issuer", { iss: "https://other.example" }, "iss"],
  ["no issuer", { iss: undefined }, "iss"],
  ["an issuer in a list", { iss: ["https://okta.example"] }, "iss"],
  ["another client", { aud: "other" }, "aud"],
  ["no client", { aud: undefined }, "aud"],
  ["no clients", { aud: [] }, "aud"],
  ["two clients", { aud: ["gw", "other"] }, "azp"],
  ["another authorized", { azp: "other" }, "azp"],
  ["expired", { exp: now - 30 }, "token_expired"],
  ["no end", { exp: undefined }, "token_claims"],
  ["an end that is a text", { exp: "9999999999" }, "token_claims"],
  ["from the future", { iat: now + 31 }, "token_not_yet_valid"],
  ["not yet valid", { nbf: now + 31 }, "token_not_yet_valid"],
  ["no subject", { sub: undefined }, "sub"],
  ["a subject that is a number", { sub: 5 }, "sub"],
])("%s", async (_, claims, why) => {
  expect(await outcome(claims)).toBe(why);
});

test("after a refresh it is still the same person", async () => {
  expect(await outcome({ nonce: undefined }, { subject: "00ualice" })).toBe("nonce");
  expect(await outcome({ sub: "00umallory" }, { subject: "00ualice" })).toBe("sub");
});

test("a fresh proof is as young as was asked for, and told", async () => {
  const fresh = 600_000;
  expect(await outcome({ auth_time: now - 630 }, { fresh })).toBe("00ualice");
  expect(await outcome({ auth_time: now - 631 }, { fresh })).toBe("auth_time");
  expect(await outcome({ auth_time: undefined }, { fresh })).toBe("auth_time");
  expect(await outcome({ auth_time: String(now) }, { fresh })).toBe("auth_time");
});
