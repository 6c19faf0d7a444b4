import { createHmac, createPublicKey } from "node:crypto";
import { expect, test } from "vitest";
import { base64url, sharedKey, signRaw, testKey } from "../../testing/fake-provider.ts";
import type { TestKey } from "../../testing/fake-provider.ts";
import { SignInRefused } from "../problems.ts";
import { client, malloryKey, neighbourKey, setScene } from "./testing/scene.ts";
import type { Scene } from "./testing/scene.ts";

const event = "http://schemas.openid.net/event/backchannel-logout";

/** A logout token as the provider sends one; undefined removes a member. */
function logoutToken(
  scene: Scene,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  key: TestKey = sharedKey,
): string {
  const iat = Math.floor(scene.clock.wall() / 1000);
  const all = {
    iss: scene.provider.issuer,
    aud: client.id,
    iat,
    exp: iat + 120,
    jti: "jti-1",
    events: { [event]: {} },
    sub: "00ualice",
    sid: "idx-1",
    ...claims,
  };
  return signRaw(
    JSON.stringify({ alg: key.alg, kid: key.kid, typ: "logout+jwt", ...header }),
    JSON.stringify(all),
    key,
  );
}

async function outcome(scene: Scene, token: string): Promise<string> {
  try {
    const notice = await scene.signIn.readLogoutToken?.(token);
    return JSON.stringify([notice?.id, notice?.providerSubject, notice?.providerSession]);
  } catch (error) {
    if (!(error instanceof SignInRefused)) throw error;
    return `${error.problem}: ${error.why}`;
  }
}

const seconds = (scene: Scene): number => Math.floor(scene.clock.wall() / 1000);
const hmac = (scene: Scene, secret: string): string => {
  const input = `${base64url(JSON.stringify({ alg: "HS256", kid: sharedKey.kid }))}.${logoutToken(scene).split(".")[1]}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
};
const publicPem = createPublicKey({ key: sharedKey, format: "jwk" })
  .export({ type: "spki", format: "pem" })
  .toString();

test.each<[string, string, (scene: Scene) => string]>([
  ["nothing", "token_malformed", () => ""],
  ["an ID token", "events", (scene) => scene.idToken({ claims: { nonce: undefined, jti: "x" } })],
  ["an ID token with its nonce", "nonce", (scene) => scene.idToken()],
  ["a nonce", "nonce", (scene) => logoutToken(scene, { nonce: "n" })],
  ["a nonce that is null", "nonce", (scene) => logoutToken(scene, { nonce: null })],
  ["no event", "events", (scene) => logoutToken(scene, { events: undefined })],
  ["another event", "events", (scene) => logoutToken(scene, { events: { "urn:other": {} } })],
  ["an event that is a text", "events", (scene) => logoutToken(scene, { events: event })],
  ["an event of true", "events", (scene) => logoutToken(scene, { events: { [event]: true } })],
  ["events in a list", "events", (scene) => logoutToken(scene, { events: [event] })],
  ["no id", "jti", (scene) => logoutToken(scene, { jti: undefined })],
  ["an empty id", "jti", (scene) => logoutToken(scene, { jti: "" })],
  ["nobody", "sub", (scene) => logoutToken(scene, { sub: undefined, sid: undefined })],
  ["a subject that is no name", "sub", (scene) => logoutToken(scene, { sub: 5 })],
  ["a session that is no name", "sid", (scene) => logoutToken(scene, { sid: ["idx-1"] })],
  ["another client's", "aud", (scene) => logoutToken(scene, { aud: "other" })],
  ["another org's issuer", "iss", (scene) => logoutToken(scene, { iss: "https://other.example" })],
  ["another org's key", "token_key", (scene) => logoutToken(scene, {}, {}, neighbourKey)],
  ["another key", "token_signature", (scene) => logoutToken(scene, {}, {}, malloryKey)],
  ["expired", "token_expired", (scene) => logoutToken(scene, { exp: seconds(scene) - 31 })],
  ["no end", "token_claims", (scene) => logoutToken(scene, { exp: undefined })],
  ["held back", "iat", (scene) => logoutToken(scene, { iat: seconds(scene) - 331 })],
  ["from the future", "token_not_yet_valid", (scene) => logoutToken(scene, { iat: seconds(scene) + 31 })],
  ["typ of an access token", "typ", (scene) => logoutToken(scene, {}, { typ: "at+jwt" })],
  ["alg none", "token_algorithm", (scene) => logoutToken(scene, {}, { alg: "none" })],
  ["HS256 with the public key", "token_algorithm", (scene) => hmac(scene, publicPem)],
  ["HS256 with the client's secret", "token_algorithm", (scene) => hmac(scene, client.secret)],
  [
    "an algorithm not configured",
    "token_algorithm",
    (scene) => logoutToken(scene, {}, {}, testKey("ec", "ES256")),
  ],
  ["unsigned", "token_malformed", (scene) => `${logoutToken(scene).split(".").slice(0, 2).join(".")}.`],
  ["a key of its own", "token_header", (scene) => logoutToken(scene, {}, { jwk: { kty: "RSA" } })],
])("a forged logout token: %s", async (_, why, make) => {
  const scene = await setScene();
  expect(await outcome(scene, make(scene))).toBe(`not_verified: ${why}`);
});

test.each<[string, Record<string, unknown>, string]>([
  ["a session of a person", {}, '["jti-1","00ualice","idx-1"]'],
  ["all of a person", { sid: undefined }, '["jti-1","00ualice",null]'],
  ["a session", { sub: undefined }, '["jti-1",null,"idx-1"]'],
  [
    "what else providers say",
    { events: { [event]: {}, "urn:other": {} }, extra: 1 },
    '["jti-1","00ualice","idx-1"]',
  ],
])("a logout token: %s", async (_, claims, notice) => {
  const scene = await setScene();
  expect(await outcome(scene, logoutToken(scene, claims))).toBe(notice);
});

test("keys that cannot be had refuse nothing for good", async () => {
  const scene = await setScene();
  scene.provider.down = true;
  expect(await outcome(scene, logoutToken(scene))).toMatch(/^provider_away: /);
});
