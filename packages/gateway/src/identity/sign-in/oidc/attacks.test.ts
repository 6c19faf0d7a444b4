import { createHash, createHmac, createPublicKey } from "node:crypto";
import { expect, test } from "vitest";
import { base64url, sharedKey, signRaw, testKey } from "../../testing/fake-provider.ts";
import { accessToken, client, malloryKey, neighbourKey, outcome, setScene } from "./testing/scene.ts";
import type { Attempt, Scene } from "./testing/scene.ts";

/** One attack: it must be refused by that very check. */
function attack(
  name: string,
  refusal: string,
  make: Attempt | ((scene: Scene) => Attempt),
  fresh?: number,
): void {
  test.each([name])("%s", async () => {
    const scene = await setScene(fresh);
    const attempt = typeof make === "function" ? make(scene) : make;
    expect(await outcome(scene.attempt(attempt))).toBe(refusal);
  });
}
const seconds = (scene: Scene): number => Math.floor(scene.clock.wall() / 1000);
const claims = (more: Record<string, unknown>): Attempt => ({ claims: more });
const header = (more: Record<string, unknown>): Attempt => ({ header: more });

test("the same scene, without an attack, is a sign-in", async () => {
  const scene = await setScene();
  expect(await scene.attempt()).toMatchObject({
    issuer: "https://okta.example",
    login: "alice@example.com",
    providerSubject: "00ualice",
    providerSession: "idx-1",
    groups: ["sre"],
    authenticatedAt: scene.clock.wall(),
  });
});

test("what the provider is asked: a code, bound to this browser's sign-in by state, nonce and PKCE", async () => {
  const { asked, begun } = await setScene(600_000);
  expect(Object.fromEntries(asked)).toEqual({
    response_type: "code",
    client_id: client.id,
    redirect_uri: "https://gw/sign-in/oidc/callback",
    scope: "openid profile email groups",
    state: begun.handle,
    nonce: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge_method: "S256",
    max_age: "600",
  });
  expect(asked.get("nonce")).not.toBe(begun.binding);
});

// What comes back through the browser.
attack("a state of somebody else", "not_verified: OAUTH_INVALID_RESPONSE", {
  parameters: { state: "s".repeat(43) },
});
attack("no state", "not_verified: OAUTH_INVALID_RESPONSE", { parameters: { state: undefined } });
attack("an empty state", "not_verified: OAUTH_INVALID_RESPONSE", { parameters: { state: "" } });
attack("the provider of another org answers (mix-up)", "not_verified: OAUTH_INVALID_RESPONSE", {
  parameters: { iss: "https://other.example" },
});
attack("no iss from a provider that sends it (mix-up)", "not_verified: OAUTH_INVALID_RESPONSE", {
  parameters: { iss: undefined },
});
attack("an issuer with a slash behind it", "not_verified: OAUTH_INVALID_RESPONSE", {
  parameters: { iss: "https://okta.example/" },
});
attack("no code", "not_verified: OAUTH_INVALID_RESPONSE", { parameters: { code: undefined } });
attack("a code that nobody gave", "not_verified: the token endpoint says invalid_grant", {
  parameters: { code: "made-up" },
});
attack("the browser says that the person refused", "refused: access_denied", {
  parameters: { code: undefined, error: "access_denied" },
});
attack("an error with a message to be shown", "refused: an unknown error", {
  parameters: { code: undefined, error: "<script>alert(1)</script>", error_description: "call 555" },
});
attack("an error and a code", "refused: access_denied", { parameters: { error: "access_denied" } });
attack(
  "an ID token through the browser (implicit flow)",
  "not_verified: OAUTH_UNSUPPORTED_OPERATION",
  (scene) => ({
    parameters: { code: undefined, id_token: scene.idToken() },
  }),
);
attack(
  "an ID token through the browser beside the code",
  "not_verified: OAUTH_UNSUPPORTED_OPERATION",
  (scene) => ({
    parameters: { id_token: scene.idToken() },
  }),
);
attack("an answer as a token (JARM)", "not_verified: OAUTH_INVALID_RESPONSE", (scene) => ({
  parameters: { code: undefined, response: scene.idToken() },
}));
attack(
  "a code in another browser: its secrets are others (login CSRF)",
  "not_verified: the token endpoint says invalid_grant",
  {
    begun: { binding: "c".repeat(43) },
  },
);
attack("a code in another sign-in of the same browser", "not_verified: OAUTH_INVALID_RESPONSE", {
  begun: { handle: "i".repeat(43) },
});

// What the ID token says.
attack("no nonce", "not_verified: OAUTH_INVALID_RESPONSE", claims({ nonce: undefined }));
attack("another nonce", "not_verified: OAUTH_JWT_CLAIM_COMPARISON_FAILED", claims({ nonce: "n".repeat(43) }));
attack("a nonce in a list", "not_verified: OAUTH_JWT_CLAIM_COMPARISON_FAILED", (scene) =>
  claims({ nonce: [scene.asked.get("nonce")] }),
);
attack(
  "another org's issuer",
  "not_verified: OAUTH_JWT_CLAIM_COMPARISON_FAILED",
  claims({ iss: "https://other.example" }),
);
attack(
  "an issuer that ours begins",
  "not_verified: OAUTH_JWT_CLAIM_COMPARISON_FAILED",
  claims({ iss: "https://okta.example.evil.example" }),
);
attack(
  "the issuer of a custom authorization server",
  "not_verified: OAUTH_JWT_CLAIM_COMPARISON_FAILED",
  claims({ iss: "https://okta.example/oauth2/default" }),
);
attack("no issuer", "not_verified: OAUTH_INVALID_RESPONSE", claims({ iss: undefined }));
attack(
  "another client's ID token",
  "not_verified: OAUTH_JWT_CLAIM_COMPARISON_FAILED",
  claims({ aud: "other-client" }),
);
attack("no audience", "not_verified: OAUTH_INVALID_RESPONSE", claims({ aud: undefined }));
attack("an empty audience", "not_verified: OAUTH_JWT_CLAIM_COMPARISON_FAILED", claims({ aud: [] }));
attack(
  "an access token for an API",
  "not_verified: OAUTH_JWT_CLAIM_COMPARISON_FAILED",
  claims({ aud: "api://mayfly", cid: client.id }),
);
attack(
  "two audiences and nobody authorized",
  "not_verified: OAUTH_JWT_CLAIM_COMPARISON_FAILED",
  claims({ aud: [client.id, "other"] }),
);
attack(
  "two audiences, and the other is authorized",
  "not_verified: OAUTH_JWT_CLAIM_COMPARISON_FAILED",
  claims({ aud: [client.id, "other"], azp: "other" }),
);
attack("ours, and another is authorized", "not_verified: azp", claims({ azp: "other" }));
attack("expired", "not_verified: OAUTH_JWT_TIMESTAMP_CHECK_FAILED", (scene) =>
  claims({ exp: seconds(scene) - 31, iat: seconds(scene) - 3600 }),
);
attack("no end", "not_verified: OAUTH_INVALID_RESPONSE", claims({ exp: undefined }));
attack("an end that is a text", "not_verified: OAUTH_INVALID_RESPONSE", (scene) =>
  claims({ exp: String(seconds(scene) + 60) }),
);
attack("issued in the future", "not_verified: token_not_yet_valid", (scene) =>
  claims({ iat: seconds(scene) + 31 }),
);
attack("not yet valid", "not_verified: OAUTH_JWT_TIMESTAMP_CHECK_FAILED", (scene) =>
  claims({ nbf: seconds(scene) + 31 }),
);
attack("never issued", "not_verified: OAUTH_INVALID_RESPONSE", claims({ iat: undefined }));
attack("no subject", "not_verified: OAUTH_INVALID_RESPONSE", claims({ sub: undefined }));
attack("an empty subject", "not_verified: sub", claims({ sub: "" }));
attack("a subject that turns text around", "not_verified: sub", claims({ sub: "a\u202Eb" }));
attack("a session that is no name", "not_verified: sid", claims({ sid: 5 }));
attack(
  "a logout token",
  "not_verified: events",
  claims({ events: { "http://schemas.openid.net/event/backchannel-logout": {} } }),
);
attack(
  "beside another access token",
  "not_verified: at_hash",
  claims({ at_hash: createHash("sha256").update("other").digest().subarray(0, 16).toString("base64url") }),
);
attack("no login", "not_verified: there is no usable preferred_username", {
  claims: { preferred_username: undefined },
  userInfo: { preferred_username: undefined },
});
attack(
  "a login that is a list",
  "not_verified: there is no usable preferred_username",
  claims({ preferred_username: ["alice@example.com", "admin@example.com"] }),
);
attack(
  "a login with a zero-width space",
  "not_verified: there is no usable preferred_username",
  claims({ preferred_username: "admin\u200B" }),
);
attack("groups that are objects", "not_verified: the groups are not a list of names", {
  userInfo: { groups: [{ name: "sre" }] },
});
attack("a group with a line feed", "not_verified: the groups are not a list of names", {
  userInfo: { groups: ["sre\nadmin"] },
});
attack("userinfo about somebody else", "refused: userinfo: OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED", {
  userInfo: { sub: "00umallory" },
});
attack("userinfo about nobody", "refused: userinfo: OAUTH_INVALID_RESPONSE", {
  userInfo: { sub: undefined },
});

// Fresh sign-ins.
const tenMinutes = 600_000;
attack(
  "a proof that is too old",
  "not_verified: OAUTH_JWT_TIMESTAMP_CHECK_FAILED",
  (scene) => claims({ auth_time: seconds(scene) - 640 }),
  tenMinutes,
);
attack(
  "a proof without a time",
  "not_verified: OAUTH_INVALID_RESPONSE",
  claims({ auth_time: undefined }),
  tenMinutes,
);
attack(
  "a proof from the future",
  "not_verified: auth_time",
  (scene) => claims({ auth_time: seconds(scene) + 31 }),
  tenMinutes,
);

// How it is signed.
const publicPem = createPublicKey({ key: sharedKey, format: "jwk" })
  .export({ type: "spki", format: "pem" })
  .toString();
const hmac = (secret: string) => (made: string) => {
  const input = `${base64url(JSON.stringify({ alg: "HS256", kid: sharedKey.kid }))}.${made.split(".")[1]}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
};
attack("alg none, unsigned", "not_verified: OAUTH_INVALID_RESPONSE", {
  idToken: (made) => `${base64url('{"alg":"none"}')}.${made.split(".")[1]}.`,
});
attack("alg none, signed", "not_verified: OAUTH_INVALID_RESPONSE", header({ alg: "none" }));
attack("alg nOnE", "not_verified: OAUTH_INVALID_RESPONSE", header({ alg: "nOnE" }));
attack("HS256 with the public key", "not_verified: OAUTH_INVALID_RESPONSE", { idToken: hmac(publicPem) });
attack("HS256 with the client's secret", "not_verified: OAUTH_INVALID_RESPONSE", {
  idToken: hmac(client.secret),
});
attack("RS512", "not_verified: OAUTH_INVALID_RESPONSE", header({ alg: "RS512" }));
attack("PS256", "not_verified: OAUTH_INVALID_RESPONSE", header({ alg: "PS256" }));
attack("ES256, which is not configured", "not_verified: OAUTH_INVALID_RESPONSE", {
  key: testKey("ec", "ES256"),
});
attack("no signature", "not_verified: token_malformed", {
  idToken: (made) => `${made.split(".").slice(0, 2).join(".")}.`,
});
attack("the signature of another token", "not_verified: token_signature", (scene) => ({
  idToken: (made) =>
    `${made.split(".").slice(0, 2).join(".")}.${scene.idToken({ claims: { sub: "x" } }).split(".")[2]}`,
}));
attack("another key under the name of the provider's", "not_verified: token_signature", { key: malloryKey });
attack("another org's key", "not_verified: token_key", { key: neighbourKey });
attack("another org's whole ID token", "not_verified: OAUTH_JWT_CLAIM_COMPARISON_FAILED", {
  key: neighbourKey,
  claims: { iss: "https://other.example" },
});
attack("a key without a name", "not_verified: token_header", header({ kid: undefined }));
attack(
  "a key in the header",
  "not_verified: token_header",
  header({ jwk: { kty: "RSA", n: malloryKey.n, e: malloryKey.e } }),
);
attack("keys elsewhere", "not_verified: token_header", header({ jku: "https://evil.example/keys" }));
attack("a critical extension", "not_verified: OAUTH_UNSUPPORTED_OPERATION", header({ crit: ["exp"] }));
attack("typ of an access token", "not_verified: typ", header({ typ: "at+jwt" }));
attack("typ of a logout token", "not_verified: typ", header({ typ: "logout+jwt" }));
attack("a claim twice", "not_verified: token_malformed", (scene) => ({
  idToken: () => {
    const [, body = ""] = scene.idToken().split(".");
    const text = Buffer.from(body, "base64url").toString().replace(/}$/, ',"sub":"00uadmin"}');
    return signRaw(JSON.stringify({ alg: "RS256", kid: sharedKey.kid }), text, sharedKey);
  },
}));
attack("an encrypted ID token", "not_verified: OAUTH_UNSUPPORTED_OPERATION", { idToken: () => "a.b.c.d.e" });
attack("no ID token", "not_verified: OAUTH_INVALID_RESPONSE", { idToken: () => undefined });
attack("an empty ID token", "not_verified: OAUTH_INVALID_RESPONSE", { idToken: () => "" });
attack("an ID token that is an object", "not_verified: OAUTH_INVALID_RESPONSE", { answer: { id_token: {} } });

// What the token endpoint says beside it.
attack("no access token", "not_verified: OAUTH_INVALID_RESPONSE", { answer: { access_token: undefined } });
attack("a token of another type", "not_verified: OAUTH_UNSUPPORTED_OPERATION", {
  answer: { token_type: "N_A" },
});
attack("an access token that is a number", "not_verified: OAUTH_INVALID_RESPONSE", {
  answer: { access_token: 5 },
});

test("a code is good for once", async () => {
  const scene = await setScene();
  const code = scene.code();
  expect(await outcome(scene.attempt({ parameters: { code } }))).toBe("alice@example.com");
  expect(await outcome(scene.attempt({ parameters: { code } }))).toBe(
    "not_verified: the token endpoint says invalid_grant",
  );
});

test("an ID token of an earlier sign-in is of no use in the next", async () => {
  const scene = await setScene();
  const earlier = scene.idToken({ claims: { nonce: "of-an-earlier-sign-in" } });
  expect(await outcome(scene.attempt({ idToken: () => earlier }))).toBe(
    "not_verified: OAUTH_JWT_CLAIM_COMPARISON_FAILED",
  );
});

test("a sign-in that nobody began is none", async () => {
  const { signIn } = await setScene();
  const parameters = { code: "c", state: "s", iss: "https://okta.example" };
  expect(await outcome(signIn.finish({ parameters }))).toBe("expired: nothing here began this sign-in");
});

test.each<[string, Attempt | ((scene: Scene) => Attempt)]>([
  ["claims that nobody knows", claims({ tenant: "x", amr: ["pwd"], nested: { any: [1, { thing: null }] } })],
  ["our client in a list of one", claims({ aud: [client.id] })],
  ["two audiences, and we are authorized", claims({ aud: [client.id, "other"], azp: client.id })],
  [
    "a clock half a minute behind",
    (scene) => claims({ iat: seconds(scene) + 30, auth_time: seconds(scene) + 30 }),
  ],
  [
    "a token that ended ten seconds ago",
    (scene) => claims({ iat: seconds(scene) - 3600, exp: seconds(scene) - 10 }),
  ],
  [
    "a proof of yesterday, where nobody asked for a fresh one",
    (scene) => claims({ auth_time: seconds(scene) - 86_400 }),
  ],
  ["no time of proof, where nobody asked for a fresh one", claims({ auth_time: undefined })],
  ["typ JWT", header({ typ: "JWT" })],
  [
    "beside the very access token",
    claims({
      at_hash: createHash("sha256").update(accessToken).digest().subarray(0, 16).toString("base64url"),
    }),
  ],
  ["the login from userinfo alone", claims({ preferred_username: undefined })],
  ["a parameter of the provider's own", { parameters: { session_state: "x" } }],
])("allowed: %s", async (_, make) => {
  const scene = await setScene();
  const attempt = typeof make === "function" ? make(scene) : make;
  expect(await outcome(scene.attempt(attempt))).toBe("alice@example.com");
});

test("a key that the provider began to use a moment ago", async () => {
  const scene = await setScene();
  const fresh = testKey("key-2");
  scene.provider.keys.unshift(fresh);
  expect(await outcome(scene.attempt({ key: fresh }))).toBe("alice@example.com");
});

test("one group, many, and none", async () => {
  const scene = await setScene();
  expect(await scene.attempt({ userInfo: { groups: "sre" } })).toMatchObject({ groups: ["sre"] });
  expect(await scene.attempt({ userInfo: { groups: ["a", "b", "a"] } })).toMatchObject({
    groups: ["a", "b"],
  });
  expect(await scene.attempt({ userInfo: { groups: undefined } })).toMatchObject({ groups: [] });
});
