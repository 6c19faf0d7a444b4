import { createHmac } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { fakeClock, type FakeClock } from "@mayfly/testing/fake-clock.ts";
import { base64url, sharedKey, testKey } from "../../testing/fake-provider.ts";
import type { SignInProvider, SignInStart, SignedIn } from "../provider.ts";
import { SignInRefused } from "../problems.ts";
import { newBrowserSecret } from "../secrets.ts";
import { fakeOpenId, tampered, type FakeOpenId } from "../testing/fake-openid.ts";
import { oidcSignIn } from "./oidc.ts";
import type { OidcSettings } from "../../../kernel/oidc-settings.ts";

const stranger = testKey("key-1");
const elliptic = testKey("ec", "ES256");

let clock: FakeClock;
let okta: FakeOpenId;
let provider: SignInProvider;

function make(more: Partial<OidcSettings> = {}): SignInProvider {
  return oidcSignIn({
    settings: okta.settings(more),
    url: "https://mayfly.test:8443",
    clock,
    fetch: okta.fetch,
  });
}

beforeEach(() => {
  clock = fakeClock();
  okta = fakeOpenId(clock);
  provider = make();
});

const start = (more: Partial<SignInStart> = {}): SignInStart => ({
  handle: newBrowserSecret(),
  binding: newBrowserSecret(),
  ...more,
});

/** Begins and finishes; `more` overrides what the browser brings back, `by` who finishes. */
async function signIn(
  more: Record<string, string | undefined> = {},
  by: Partial<SignInStart> = {},
  begin: SignInStart = start(),
): Promise<SignedIn> {
  const { redirect, keep } = await provider.begin(begin);
  const parameters = okta.authorize(redirect, more);
  return provider.finish({ parameters, begun: { ...begin, ...by, keep, at: clock.wall() } });
}

async function refusal(doing: Promise<unknown>): Promise<string> {
  const thrown: unknown = await doing.then(
    () => "done",
    (error: unknown) => error,
  );
  return thrown instanceof SignInRefused ? `${thrown.problem}: ${thrown.why}` : String(thrown);
}

it("hands on the name that the ID token or userinfo says, and never in the login's place", async () => {
  okta.claims = { name: "Rita Reviewer" };
  expect(await signIn()).toMatchObject({ login: "rita@example.com", displayName: "Rita Reviewer" });
  okta.claims = { name: "olga@example.com" };
  expect((await signIn()).displayName).toBeUndefined();
  okta.claims = { preferred_username: undefined, name: "Rita Reviewer" };
  expect(await refusal(signIn())).toBe("not_verified: there is no usable preferred_username");
});

describe("beginning", () => {
  it("asks with code, PKCE, state, nonce and our own address, and says nothing else about itself", async () => {
    const begin = start({ fresh: 600_000 });
    const url = new URL((await provider.begin(begin)).redirect);
    expect(url.origin + url.pathname).toBe("https://okta.test/v1/authorize");
    const { code_challenge: challenge, nonce, ...rest } = Object.fromEntries(url.searchParams);
    expect(rest).toEqual({
      client_id: "0oaweb",
      response_type: "code",
      redirect_uri: "https://mayfly.test:8443/sign-in/oidc/callback",
      scope: "openid groups",
      state: begin.handle,
      code_challenge_method: "S256",
      max_age: "600",
    });
    expect([challenge?.length, nonce?.length]).toEqual([43, 43]);
    expect(url.href).not.toContain(begin.binding);
  });

  it.each([
    ["is down", () => void (okta.down = true)],
    ["names another issuer", () => void (okta.discovery["issuer"] = "https://okta.test/")],
    ["points elsewhere for codes", () => void (okta.discovery["token_endpoint"] = "https://evil.test/token")],
    [
      "points elsewhere for people",
      () => void (okta.discovery["authorization_endpoint"] = "https://evil.test/"),
    ],
    ["points elsewhere for keys", () => void (okta.discovery["jwks_uri"] = "https://evil.test/keys")],
    [
      "points elsewhere for groups",
      () => void (okta.discovery["userinfo_endpoint"] = "https://evil.test/me"),
    ],
    ["is not https", () => void (okta.discovery["token_endpoint"] = "http://okta.test/v1/token")],
    [
      "redirects",
      () => void okta.answers.set("/.well-known/openid-configuration", { status: 302, body: "" }),
    ],
  ])("is refused while the provider %s, and works again after", async (_, breakIt) => {
    await provider.begin(start());
    breakIt();
    expect(await refusal(provider.begin(start()))).toContain("provider_away: discovery");
    okta.down = false;
    okta.discovery = {};
    okta.answers.clear();
    await expect(provider.begin(start())).resolves.toMatchObject({ keep: {} });
  });
});

describe("finishing", () => {
  it("gives the person that the provider vouches for", async () => {
    const { live, ...person } = await signIn();
    expect(person).toEqual({
      issuer: "https://okta.test",
      login: "rita@example.com",
      providerSubject: "00urita",
      providerSession: "sid-1",
      groups: ["support-leads"],
      groupsAsOf: clock.wall(),
      authenticatedAt: clock.wall() - 5000,
    });
    expect(live?.signOutUrl()).toContain("https://okta.test/v1/logout?");
  });

  it("sends the secret in the header and the code with its verifier, and nothing of the browser's binding", async () => {
    const begin = start();
    await signIn({}, {}, begin);
    const sent = okta.requests.find(({ path }) => path === "/v1/token")?.request;
    const form = new URLSearchParams(sent?.body);
    expect(form.get("client_secret")).toBeNull();
    expect(form.get("code_verifier")).toHaveLength(43);
    expect(sent?.body).not.toContain(begin.binding);
  });

  it("refuses what nothing here began", async () => {
    const { redirect } = await provider.begin(start());
    expect(await refusal(provider.finish({ parameters: okta.authorize(redirect) }))).toMatch(/^expired/);
  });

  it.each([
    ["another state", { state: newBrowserSecret() }],
    ["no state", { state: undefined }],
    ["another issuer, as a mix-up has it", { iss: "https://evil.test" }],
    ["no issuer where the provider promised one", { iss: undefined }],
    ["no code", { code: undefined }],
    ["a code that was not given out", { code: "code-of-mine" }],
    ["a JWT response", { response: "eyJ" }],
  ])("refuses %s", async (_, more) => {
    expect(await refusal(signIn(more))).toMatch(/^not_verified/);
  });

  it("takes an answer without iss only from a provider that never promised it", async () => {
    okta.discovery["authorization_response_iss_parameter_supported"] = undefined;
    await expect(signIn({ iss: undefined })).resolves.toMatchObject({ login: "rita@example.com" });
    expect(await refusal(signIn({ iss: "https://evil.test" }))).toMatch(/^not_verified/);
  });

  it("refuses a code that was used", async () => {
    const begin = start();
    const { redirect, keep } = await provider.begin(begin);
    const parameters = okta.authorize(redirect);
    const finish = (): Promise<SignedIn> =>
      provider.finish({ parameters, begun: { ...begin, keep, at: clock.wall() } });
    await finish();
    expect(await refusal(finish())).toBe("not_verified: the token endpoint says invalid_grant");
  });

  it("refuses a code of another browser's sign-in: PKCE and nonce come from the binding", async () => {
    expect(await refusal(signIn({}, { binding: newBrowserSecret() }))).toContain("invalid_grant");
    // Even where the provider forgot PKCE.
    const begin = start();
    const { redirect, keep } = await provider.begin(begin);
    const parameters = okta.authorize(redirect);
    const other = { ...begin, binding: newBrowserSecret() };
    const { redirect: theirs } = await provider.begin(other);
    okta.codes.set(parameters["code"] ?? "", {
      nonce: new URL(redirect).searchParams.get("nonce") ?? "",
      challenge: new URL(theirs).searchParams.get("code_challenge") ?? "",
    });
    expect(
      await refusal(provider.finish({ parameters, begun: { ...other, keep, at: clock.wall() } })),
    ).toMatch(/^not_verified/);
  });

  it.each([
    ["access_denied", "refused: access_denied"],
    ["login_required", "refused: login_required"],
    ["<script>", "refused: an unknown error"],
    ["temporarily_unavailable", "provider_away: temporarily_unavailable"],
    ["server_error", "provider_away: server_error"],
  ])("says what the provider's %s means", async (error, expected) => {
    expect(await refusal(signIn({ code: undefined, error }))).toBe(expected);
  });

  it("believes no error that comes with another state", async () => {
    const doing = signIn({ code: undefined, error: "access_denied", state: newBrowserSecret() });
    expect(await refusal(doing)).toMatch(/^not_verified/);
  });

  const seconds = (): number => Math.floor(clock.wall() / 1000);
  it.each<[string, () => Record<string, unknown>]>([
    ["of another issuer", () => ({ iss: "https://okta.test/oauth2/default" })],
    ["of the issuer with a slash", () => ({ iss: "https://okta.test/" })],
    ["without an issuer", () => ({ iss: undefined })],
    ["for another client", () => ({ aud: "0oaother" })],
    ["for others beside us, without azp", () => ({ aud: ["0oaweb", "0oaother"] })],
    ["for us, given to another", () => ({ aud: ["0oaweb", "0oaother"], azp: "0oaother" })],
    ["with azp of another", () => ({ azp: "0oaother" })],
    ["without an audience", () => ({ aud: undefined })],
    ["that has expired", () => ({ exp: seconds() - 60 })],
    ["without an end", () => ({ exp: undefined })],
    ["from the future", () => ({ iat: seconds() + 600 })],
    ["not valid yet", () => ({ nbf: seconds() + 600 })],
    ["without iat", () => ({ iat: undefined })],
    ["with another nonce", () => ({ nonce: "another" })],
    ["without a nonce", () => ({ nonce: undefined })],
    ["with a nonce that is no text", () => ({ nonce: 1 })],
    ["without a subject", () => ({ sub: undefined })],
    ["with an empty subject", () => ({ sub: "" })],
    ["with a subject that is a list", () => ({ sub: ["00urita"] })],
    ["with a session that is no name", () => ({ sid: { $ne: "" } })],
    ["of another access token", () => ({ at_hash: "AAAAAAAAAAAAAAAAAAAAAA" })],
    [
      "that is a logout token",
      () => ({ events: { "http://schemas.openid.net/event/backchannel-logout": {} } }),
    ],
    ["without a login", () => ({ preferred_username: undefined })],
    ["with a login that hides something", () => ({ preferred_username: "rita@example.com\u200b" })],
    ["with groups that are no names", () => ({ groups: [{ name: "support-leads" }] })],
  ])("refuses an ID token %s", async (_, claims) => {
    okta.claims = claims();
    expect(await refusal(signIn())).toMatch(/^not_verified/);
  });

  it.each<[string, () => void]>([
    ["none at all", () => void (okta.tokens = { id_token: undefined })],
    ["one of another key by the same name", () => void (okta.signer = stranger)],
    [
      "one of an algorithm that is not configured",
      () => {
        okta.signer = elliptic;
        okta.keys = [sharedKey, elliptic];
        okta.discovery["id_token_signing_alg_values_supported"] = ["RS256", "ES256"];
      },
    ],
    ["one whose key nobody published", () => void (okta.header = { kid: "another" })],
    ["one without a key's name", () => void (okta.header = { kid: undefined })],
    ["one that brings its own key", () => void (okta.header = { jwk: { kty: "RSA" } })],
    ["one that points to a key", () => void (okta.header = { jku: "https://evil.test/keys" })],
    ["one with a critical extension", () => void (okta.header = { crit: ["b64"], b64: false })],
    ["an access token", () => void (okta.header = { typ: "at+jwt" })],
    ["a logout token", () => void (okta.header = { typ: "logout+jwt" })],
  ])("refuses %s", async (_, breakIt) => {
    breakIt();
    expect(await refusal(signIn())).toMatch(/^not_verified/);
  });

  it("refuses an unsigned ID token, one signed with the client's secret, and one that was changed", async () => {
    const claims = { iss: okta.issuer, aud: "0oaweb", sub: "00urita", iat: seconds(), exp: seconds() + 60 };
    const body = base64url(JSON.stringify(claims));
    const none = `${base64url(`{"alg":"none"}`)}.${body}.`;
    const hmacHead = base64url(JSON.stringify({ alg: "HS256", kid: sharedKey.kid }));
    const mac = createHmac("sha256", "client secret").update(`${hmacHead}.${body}`).digest("base64url");
    for (const token of [
      none,
      `${hmacHead}.${body}.${mac}`,
      tampered(okta.sign(claims), { sub: "00uboss" }),
    ]) {
      okta.tokens = { id_token: token };
      expect(await refusal(signIn())).toMatch(/^not_verified/);
    }
  });

  it("finds a key that was rotated in a moment ago", async () => {
    await signIn();
    const next = testKey("key-2");
    okta.keys = [next, sharedKey];
    okta.signer = next;
    await expect(signIn()).resolves.toMatchObject({ login: "rita@example.com" });
  });

  it("accepts ES256 where that is configured", async () => {
    provider = make({ algorithms: ["ES256"] });
    okta.signer = elliptic;
    okta.keys = [sharedKey, elliptic];
    okta.discovery["id_token_signing_alg_values_supported"] = ["RS256", "ES256"];
    await expect(signIn()).resolves.toMatchObject({ login: "rita@example.com" });
    okta.signer = sharedKey;
    expect(await refusal(signIn())).toMatch(/^not_verified/);
  });

  it("demands a proof as fresh as was asked for", async () => {
    const fresh = start({ fresh: 600_000 });
    okta.claims = { auth_time: seconds() - 601 - 31 };
    expect(await refusal(signIn({}, {}, fresh))).toMatch(/^not_verified/);
    okta.claims = { auth_time: undefined };
    expect(await refusal(signIn({}, {}, start({ fresh: 600_000 })))).toMatch(/^not_verified/);
    okta.claims = { auth_time: seconds() + 3600 };
    expect(await refusal(signIn({}, {}, start({ fresh: 600_000 })))).toMatch(/^not_verified/);
    okta.claims = { auth_time: seconds() - 300 };
    await expect(signIn({}, {}, start({ fresh: 600_000 }))).resolves.toMatchObject({
      authenticatedAt: clock.wall() - 300_000,
    });
  });

  it("knows nobody's proof where the provider says no time", async () => {
    okta.claims = { auth_time: undefined };
    expect(await signIn()).not.toHaveProperty("authenticatedAt");
  });

  it.each<[string, () => void, RegExp]>([
    [
      "userinfo of another person",
      () => void (okta.userInfo = { sub: "00uboss", groups: ["platform"] }),
      /^refused/,
    ],
    ["userinfo without a person", () => void (okta.userInfo = { groups: ["platform"] }), /^refused/],
    [
      "userinfo that is away",
      () => void okta.answers.set("/v1/userinfo", { status: 503, body: "" }),
      /^provider_away/,
    ],
    [
      "a token endpoint that is away",
      () => void okta.answers.set("/v1/token", { status: 502, body: "" }),
      /^provider_away/,
    ],
    [
      "a token endpoint that is overrun",
      () => void okta.answers.set("/v1/token", { status: 429, body: "" }),
      /^provider_away/,
    ],
    [
      "a token endpoint that redirects",
      () =>
        void okta.answers.set("/v1/token", {
          status: 307,
          headers: { location: "https://evil.test" },
          body: "",
        }),
      /^not_verified/,
    ],
    [
      "an answer without end",
      () => void okta.answers.set("/v1/token", { body: "x".repeat(300_000) }),
      /^provider_away/,
    ],
    [
      "an answer that is a page",
      () => void okta.answers.set("/v1/token", { type: "text/html", body: "<html>" }),
      /^not_verified/,
    ],
    [
      "keys that are away",
      () => void okta.answers.set("/v1/keys", { status: 500, body: "" }),
      /^provider_away/,
    ],
  ])("refuses with %s", async (_, breakIt, expected) => {
    breakIt();
    expect(await refusal(signIn())).toMatch(expected);
  });

  it("never puts a token or the secret into what it throws", async () => {
    okta.answers.set("/v1/token", {
      status: 400,
      body: `{"error":"invalid_grant","error_description":"code-1 access-9"}`,
    });
    const thrown: unknown = await signIn().catch((error: unknown) => error);
    expect(
      `${String(thrown)} ${(thrown as SignInRefused).why} ${(thrown as SignInRefused).hint}`,
    ).not.toMatch(/code-1|access-|client secret/);
  });
});

describe("groups", () => {
  it("come from userinfo where it says any, from the ID token where only that does, and are none else", async () => {
    okta.claims = { groups: ["from-token"] };
    expect((await signIn()).groups).toEqual(["support-leads"]);
    okta.userInfo = { sub: "00urita" };
    expect((await signIn()).groups).toEqual(["from-token"]);
    okta.claims = {};
    expect((await signIn()).groups).toEqual([]);
    okta.userInfo = { sub: "00urita", groups: "one" };
    expect((await signIn()).groups).toEqual(["one"]);
  });

  it("are asked for again, and what is not said is not there", async () => {
    const { live } = await signIn();
    okta.userInfo = { sub: "00urita", groups: ["others"] };
    clock.advance(1000);
    expect(await live?.groupsNow()).toEqual({ groups: ["others"], asOf: clock.wall() });
    okta.userInfo = { sub: "00urita" };
    expect(await live?.groupsNow()).toEqual({ groups: [], asOf: clock.wall() });
  });

  it("are unknown while the provider is away, and the person is refused when it does not know them any more", async () => {
    const { live } = await signIn();
    okta.down = true;
    expect(await refusal(Promise.resolve(live?.groupsNow()))).toMatch(/^provider_away/);
    okta.down = false;
    okta.answers.set("/v1/userinfo", {
      status: 401,
      headers: { "www-authenticate": `Bearer error="invalid_token"` },
      body: "",
    });
    expect(await refusal(Promise.resolve(live?.groupsNow()))).toMatch(/^refused/);
    okta.answers.clear();
    okta.userInfo = { sub: "00uboss", groups: ["platform"] };
    expect(await refusal(Promise.resolve(live?.groupsNow()))).toMatch(/^refused/);
  });

  it("cannot be asked for once the token is over, unless there is a refresh token", async () => {
    const { live } = await signIn();
    clock.advance(3_595_000);
    expect(await live?.groupsNow()).toBeUndefined();
    okta.tokens = { refresh_token: "refresh" };
    const { live: longer } = await signIn();
    clock.advance(3_595_000);
    okta.userInfo = { sub: "00urita", groups: ["later"] };
    expect(await longer?.groupsNow()).toEqual({ groups: ["later"], asOf: clock.wall() });
  });

  it("come from a new ID token where only that has them, which must be the same person's", async () => {
    okta.tokens = { refresh_token: "refresh" };
    okta.userInfo = { sub: "00urita" };
    okta.claims = { groups: ["a"] };
    const { live } = await signIn();
    okta.claims = { groups: ["b"], nonce: undefined };
    expect(await live?.groupsNow()).toEqual({ groups: ["b"], asOf: clock.wall() });
    okta.claims = { groups: ["c"], sub: "00uboss" };
    expect(await refusal(Promise.resolve(live?.groupsNow()))).toMatch(/^not_verified: sub/);
    okta.tokens = { refresh_token: "revoked", id_token: undefined };
    okta.claims = {};
    expect(await live?.groupsNow()).toBeUndefined();
    okta.tokens = {};
    expect(await refusal(Promise.resolve(live?.groupsNow()))).toMatch(/^refused/);
  });
});

describe("a logout token", () => {
  const event = { "http://schemas.openid.net/event/backchannel-logout": {} };
  const seconds = (): number => Math.floor(clock.wall() / 1000);
  const claims = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
    iss: okta.issuer,
    aud: "0oaweb",
    iat: seconds(),
    exp: seconds() + 120,
    jti: "once",
    sub: "00urita",
    sid: "sid-1",
    events: event,
    ...more,
  });
  const read = (token: string): Promise<unknown> => Promise.resolve(provider.readLogoutToken?.(token));

  it("says whose session ended", async () => {
    const until = clock.wall() + 360_000;
    expect(await read(okta.sign(claims(), { typ: "logout+jwt" }))).toEqual({
      id: "once",
      until,
      providerSubject: "00urita",
      providerSession: "sid-1",
    });
    expect(await read(okta.sign(claims({ sid: undefined })))).toEqual({
      id: "once",
      until,
      providerSubject: "00urita",
    });
    expect(await read(okta.sign(claims({ sub: undefined })))).toEqual({
      id: "once",
      until,
      providerSession: "sid-1",
    });
  });

  it.each<[string, () => string]>([
    ["forged", () => okta.sign(claims(), {}, stranger)],
    ["changed", () => tampered(okta.sign(claims()), { sub: "00uboss" })],
    ["of another issuer", () => okta.sign(claims({ iss: "https://evil.test" }))],
    ["for another client", () => okta.sign(claims({ aud: "0oaother" }))],
    ["that is an ID token", () => okta.sign(claims({ nonce: "n", events: undefined }))],
    ["with a nonce", () => okta.sign(claims({ nonce: "n" }))],
    ["without events", () => okta.sign(claims({ events: undefined }))],
    ["with another event", () => okta.sign(claims({ events: { "https://example.com/other": {} } }))],
    [
      "with an event that is no object",
      () =>
        okta.sign(claims({ events: { ...event, "http://schemas.openid.net/event/backchannel-logout": [] } })),
    ],
    ["without a name of its own", () => okta.sign(claims({ jti: undefined }))],
    ["of nobody", () => okta.sign(claims({ sub: undefined, sid: undefined }))],
    ["of a list of people", () => okta.sign(claims({ sub: ["00urita"] }))],
    ["that has expired", () => okta.sign(claims({ exp: seconds() - 60 }))],
    ["without an end", () => okta.sign(claims({ exp: undefined }))],
    ["that was held back", () => okta.sign(claims({ iat: seconds() - 400 }))],
    ["from the future", () => okta.sign(claims({ iat: seconds() + 400 }))],
    ["of another type", () => okta.sign(claims(), { typ: "at+jwt" })],
    ["that is no token", () => "logout"],
  ])("%s is refused", async (_, token) => {
    expect(await refusal(read(token()))).toMatch(/^not_verified/);
  });
});
