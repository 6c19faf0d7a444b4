import { createHash } from "node:crypto";
import type { Clock } from "../../../kernel/clock.ts";
import { Secret } from "../../../kernel/secret.ts";
import { base64url, publicHalf, sharedKey, signRaw } from "../../testing/fake-provider.ts";
import type { TestKey } from "../../testing/fake-provider.ts";
import type { Fetch, ProviderRequest } from "../../provider/transport.ts";
import type { OidcSettings } from "../../../kernel/oidc-settings.ts";

/** What one endpoint answers. */
interface Answered {
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An OpenID provider without sockets, whose every answer a test replaces at will. */
export interface FakeOpenId {
  readonly issuer: string;
  readonly fetch: Fetch;
  /** Settings of a client of it. */
  settings(more?: Partial<OidcSettings>): OidcSettings;
  /** Codes that were given out, each good for once: with what the authorization request said. */
  readonly codes: Map<string, { readonly nonce: string; readonly challenge: string }>;
  /** Signs the next ID tokens; the published keys are `keys`. */
  signer: TestKey;
  keys: TestKey[];
  down: boolean;
  /** Members of the discovery document; undefined removes one. */
  discovery: Record<string, unknown>;
  /** Claims of ID tokens; undefined removes one. */
  claims: Record<string, unknown>;
  header: Record<string, unknown>;
  /** Members of the token endpoint's answer; undefined removes one. */
  tokens: Record<string, unknown>;
  /** What userinfo says. */
  userInfo: Record<string, unknown>;
  /** Answers instead of the usual ones, by path. */
  readonly answers: Map<string, Answered>;
  readonly requests: { readonly path: string; readonly request: ProviderRequest }[];
  /** What a browser brings back from the authorization URL when the person signed in; `more` overrides. */
  authorize(url: string, more?: Readonly<Record<string, string | undefined>>): Record<string, string>;
  /** Signs claims as the provider does. */
  sign(claims: Record<string, unknown>, header?: Record<string, unknown>, key?: TestKey): string;
}

/** Makes one. */
export function fakeOpenId(clock: Clock, issuer = "https://okta.test"): FakeOpenId {
  let number = 0;
  const seconds = (): number => Math.floor(clock.wall() / 1000);
  const fake: FakeOpenId = {
    issuer,
    codes: new Map(),
    signer: sharedKey,
    keys: [sharedKey],
    down: false,
    discovery: {},
    claims: {},
    header: {},
    tokens: {},
    userInfo: { sub: "00urita", groups: ["support-leads"] },
    answers: new Map(),
    requests: [],
    settings: (more = {}) => ({
      issuer,
      clientId: "0oaweb",
      clientSecret: new Secret("client secret"),
      groupsClaim: "groups",
      loginClaim: "preferred_username",
      scopes: ["openid", "groups"],
      algorithms: ["RS256"],
      allowInsecureLoopback: false,
      label: "Okta",
      ...more,
    }),
    authorize(url, more = {}) {
      const { searchParams } = new URL(url);
      const code = `code-${(number += 1)}`;
      fake.codes.set(code, {
        nonce: searchParams.get("nonce") ?? "",
        challenge: searchParams.get("code_challenge") ?? "",
      });
      return defined({ code, state: searchParams.get("state") ?? "", iss: issuer, ...more }) as Record<
        string,
        string
      >;
    },
    sign: (claims, header = {}, key = fake.signer) =>
      signRaw(
        JSON.stringify(defined({ kid: key.kid, alg: key.alg, ...header })),
        JSON.stringify(defined(claims)),
        key,
      ),
    async fetch(url, request) {
      await Promise.resolve();
      const path = new URL(url).pathname;
      fake.requests.push({ path, request });
      if (fake.down) throw Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
      const {
        status = 200,
        type = "application/json",
        headers = {},
        body,
      } = fake.answers.get(path) ?? usual(path, request);
      const all: Record<string, string> = { "content-type": type, ...headers };
      return {
        status,
        headers: { get: (name) => all[name.toLowerCase()] ?? null },
        body: (async function* chunks() {
          yield Buffer.from(body);
        })(),
      };
    },
  };

  function usual(path: string, request: ProviderRequest): Answered {
    if (path === "/.well-known/openid-configuration") {
      const document = {
        issuer,
        authorization_endpoint: `${issuer}/v1/authorize`,
        token_endpoint: `${issuer}/v1/token`,
        userinfo_endpoint: `${issuer}/v1/userinfo`,
        end_session_endpoint: `${issuer}/v1/logout`,
        jwks_uri: `${issuer}/v1/keys`,
        authorization_response_iss_parameter_supported: true,
        token_endpoint_auth_methods_supported: ["client_secret_basic"],
        id_token_signing_alg_values_supported: ["RS256"],
        ...fake.discovery,
      };
      return { body: JSON.stringify(defined(document)) };
    }
    if (path === "/v1/keys") return { body: JSON.stringify({ keys: fake.keys.map(publicHalf) }) };
    if (path === "/v1/userinfo") return { body: JSON.stringify(fake.userInfo) };
    if (path === "/v1/token") return redeem(new URLSearchParams(request.body), request);
    return { status: 404, body: "{}" };
  }

  function redeem(form: URLSearchParams, request: ProviderRequest): Answered {
    const basic = `Basic ${Buffer.from(`0oaweb:${encodeURIComponent("client secret").replaceAll("%20", "+")}`).toString("base64")}`;
    if (request.headers["authorization"] !== basic)
      return { status: 401, body: `{"error":"invalid_client"}` };
    let nonce: string | undefined;
    if (form.get("grant_type") === "authorization_code") {
      const code = form.get("code") ?? "";
      const given = fake.codes.get(code);
      fake.codes.delete(code);
      const challenge = createHash("sha256")
        .update(form.get("code_verifier") ?? "")
        .digest("base64url");
      if (given === undefined || given.challenge !== challenge)
        return { status: 400, body: `{"error":"invalid_grant"}` };
      ({ nonce } = given);
    } else if (form.get("refresh_token") !== "refresh")
      return { status: 400, body: `{"error":"invalid_grant"}` };
    const access = `access-${(number += 1)}`;
    const idToken = fake.sign(
      {
        iss: issuer,
        aud: "0oaweb",
        sub: "00urita",
        sid: "sid-1",
        preferred_username: "rita@example.com",
        iat: seconds(),
        exp: seconds() + 3600,
        auth_time: seconds() - 5,
        at_hash: createHash("sha256").update(access).digest().subarray(0, 16).toString("base64url"),
        nonce,
        ...fake.claims,
      },
      fake.header,
    );
    const answer = {
      access_token: access,
      token_type: "Bearer",
      expires_in: 3600,
      id_token: idToken,
      ...fake.tokens,
    };
    return { body: JSON.stringify(defined(answer)) };
  }
  return fake;
}

/** Without the members that are undefined. */
function defined(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** A token whose claims were changed after it was signed. */
export function tampered(token: string, claims: Readonly<Record<string, unknown>>): string {
  const [header = "", body = "", signature = ""] = token.split(".");
  const said = JSON.parse(Buffer.from(body, "base64url").toString()) as Record<string, unknown>;
  return `${header}.${base64url(JSON.stringify({ ...said, ...claims }))}.${signature}`;
}
