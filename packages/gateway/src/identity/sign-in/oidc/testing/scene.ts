import { createHash, randomBytes } from "node:crypto";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import type { FakeClock } from "@mayfly/testing/fake-clock.ts";
import { Secret } from "../../../../kernel/secret.ts";
import { FakeProvider, sharedKey, signRaw, testKey } from "../../../testing/fake-provider.ts";
import type { TestKey } from "../../../testing/fake-provider.ts";
import type { Fetch } from "../../../provider/transport.ts";
import type { SignInAnswer, SignInProvider, SignedIn } from "../../provider.ts";
import { SignInRefused } from "../../problems.ts";
import { oidcSignIn } from "../oidc.ts";
import type { OidcSettings } from "../../../../kernel/oidc-settings.ts";

export const client = { id: "gw", secret: "the client's secret, of 32 bytes and more" } as const;
/** A key of another org, and one that nobody publishes. */
export const neighbourKey: TestKey = testKey("key-of-another-org");
export const malloryKey: TestKey = testKey("key-1");

/** What one attempt to sign in does differently. */
export interface Attempt {
  /** Claims of the ID token; undefined removes one. */
  readonly claims?: Record<string, unknown>;
  /** Header members of the ID token; undefined removes one. */
  readonly header?: Record<string, unknown>;
  readonly key?: TestKey;
  /** Something else in the place of the ID token that was made; undefined leaves it out. */
  readonly idToken?: (made: string) => string | undefined;
  /** Members of the token endpoint's answer; undefined removes one. */
  readonly answer?: Record<string, unknown>;
  readonly userInfo?: Record<string, unknown>;
  /** Takes the PKCE verifier away on its way to the token endpoint. */
  readonly verifier?: "missing";
  /** Parameters of the browser's return; undefined removes one. */
  readonly parameters?: Record<string, string | undefined>;
  /** The sign-in that the gateway believes under way. */
  readonly begun?: Partial<NonNullable<SignInAnswer["begun"]>>;
}

/** A gateway, its provider, and one sign-in under way. */
export interface Scene {
  readonly clock: FakeClock;
  readonly provider: FakeProvider;
  readonly signIn: SignInProvider;
  readonly begun: NonNullable<SignInAnswer["begun"]>;
  /** What the browser was sent to the provider with. */
  readonly asked: URLSearchParams;
  /** The ID token of the usual answer, claims and header changed. */
  idToken(attempt?: Attempt): string;
  /** The person signs in at the provider, and the browser comes back. */
  attempt(attempt?: Attempt): Promise<SignedIn>;
  /** A code for this sign-in, as the provider gives it to the browser; good for once. */
  code(): string;
}

/**
 * Sets a scene: a provider that checks codes, PKCE and the client's secret, as a real one does.
 * @param fresh how young the proof has to be, milliseconds
 * @param document members of the discovery document that differ; undefined removes one
 */
export async function setScene(
  fresh?: number,
  document: Record<string, unknown> = {},
  settings: Partial<OidcSettings> = {},
): Promise<Scene> {
  const clock = fakeClock();
  const provider = new FakeProvider("https://okta.example", [sharedKey]);
  const { issuer } = provider;
  provider.answers.set("/.well-known/openid-configuration", {
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      issuer,
      authorization_endpoint: `${issuer}/v1/authorize`,
      token_endpoint: `${issuer}/v1/token`,
      userinfo_endpoint: `${issuer}/v1/userinfo`,
      jwks_uri: `${issuer}/v1/keys`,
      authorization_response_iss_parameter_supported: true,
      id_token_signing_alg_values_supported: ["RS256"],
      ...document,
    }),
  });
  const codes = new Map<string, { readonly challenge: string }>();
  let now: Attempt = {};
  const json = (status: number, value: unknown) => ({
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(value),
  });
  const token = (body: string | undefined, authorization: string | undefined) => {
    const form = new URLSearchParams(body);
    const basic = Buffer.from((authorization ?? "").replace("Basic ", ""), "base64").toString();
    const [id, secret] = basic.split(":").map((part) => decodeURIComponent(part.replaceAll("+", " ")));
    if (id !== client.id || secret !== client.secret) return json(401, { error: "invalid_client" });
    const code = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? "");
    if (now.verifier === "missing") form.delete("code_verifier");
    const verifier = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    if (code === undefined || code.challenge !== verifier) return json(400, { error: "invalid_grant" });
    const made = idToken(now);
    return json(200, {
      access_token: accessToken,
      token_type: "Bearer",
      expires_in: 3600,
      id_token: now.idToken === undefined ? made : now.idToken(made),
      ...now.answer,
    });
  };
  const fetch: Fetch = async (url, request) => {
    const path = url.slice(issuer.length);
    if (url.startsWith(issuer) && path === "/v1/token")
      provider.answers.set(path, token(request.body, headerOf(request.headers, "authorization")));
    if (url.startsWith(issuer) && path === "/v1/userinfo")
      provider.answers.set(
        path,
        json(200, {
          sub: "00ualice",
          preferred_username: "alice@example.com",
          groups: ["sre"],
          ...now.userInfo,
        }),
      );
    return provider.fetch(url, request);
  };
  const signIn = oidcSignIn({
    settings: {
      issuer,
      clientId: client.id,
      clientSecret: new Secret(client.secret),
      groupsClaim: "groups",
      loginClaim: "preferred_username",
      scopes: ["openid", "profile", "email", "groups"],
      algorithms: ["RS256"],
      allowInsecureLoopback: false,
      label: "Okta",
      ...settings,
    },
    url: "https://gw",
    clock,
    fetch,
  });
  const start = {
    handle: "h".repeat(42) + "A",
    binding: "b".repeat(42) + "A",
    ...(fresh === undefined ? {} : { fresh }),
  };
  const { redirect, keep } = await signIn.begin(start);
  const begun = { ...start, keep, at: clock.wall() };
  const asked = new URL(redirect).searchParams;

  function idToken(attempt: Attempt = {}): string {
    const iat = Math.floor(clock.wall() / 1000);
    const claims = {
      iss: issuer,
      aud: client.id,
      sub: "00ualice",
      sid: "idx-1",
      nonce: asked.get("nonce"),
      iat,
      exp: iat + 3600,
      auth_time: iat,
      preferred_username: "alice@example.com",
      ...attempt.claims,
    };
    const key = attempt.key ?? sharedKey;
    return signRaw(
      JSON.stringify({ alg: key.alg, kid: key.kid, ...attempt.header }),
      JSON.stringify(claims),
      key,
    );
  }
  const code = (): string => {
    const made = randomBytes(16).toString("hex");
    codes.set(made, { challenge: asked.get("code_challenge") ?? "" });
    return made;
  };
  return {
    clock,
    provider,
    signIn,
    begun,
    asked,
    idToken,
    code,
    attempt: async (attempt = {}) => {
      now = attempt;
      const usual = { code: code(), state: asked.get("state") ?? "", iss: issuer };
      const parameters = Object.fromEntries(
        Object.entries({ ...usual, ...attempt.parameters }).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, value]],
        ),
      );
      return signIn.finish({ parameters, begun: { ...begun, ...attempt.begun } });
    },
  };
}

/** The access token beside the ID token; opaque, as the org server's is to us. */
export const accessToken = "the-access-token-of-alice";

function headerOf(headers: Record<string, string>, name: string): string | undefined {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** What an attempt came to: the login, or the problem and the check that refused. */
export async function outcome(attempt: Promise<SignedIn>): Promise<string> {
  try {
    return (await attempt).login;
  } catch (error) {
    // Anything else is a crash, which the test shall show as one.
    if (!(error instanceof SignInRefused)) throw error;
    return `${error.problem}: ${error.why}`;
  }
}
