import { randomBytes } from "node:crypto";
import { encodeResponse, newSamlKey, samlIdentityProvider, type Mint } from "@mayfly/okta-stand-in";
import { memoryStore } from "../../../packages/gateway/src/identity/browser-sessions/testing/memory-store.ts";
import { createPeople, type ManagedPeople } from "../../../packages/gateway/src/identity/create-people.ts";
import type { SignInDone } from "../../../packages/gateway/src/identity/people.ts";
import type { SignedIn } from "../../../packages/gateway/src/identity/sign-in/provider.ts";
import { SignInRefused } from "../../../packages/gateway/src/identity/sign-in/problems.ts";
import { authnRequestIn } from "../../../packages/gateway/src/identity/sign-in/saml/testing/scene.ts";
import { stubProvider } from "../../../packages/gateway/src/identity/sign-in/testing/stub-provider.ts";
import {
  publicHalf,
  sharedKey,
  signRaw,
  type TestKey,
} from "../../../packages/gateway/src/identity/testing/fake-provider.ts";
import { fakeClock, type FakeClock } from "@mayfly/testing/fake-clock.ts";
import { MayflyError } from "../../../packages/gateway/src/kernel/errors.ts";
import { peopleOf } from "../../../packages/gateway/src/main/wiring/identity/people.ts";
import type { Act } from "../case.ts";
import { ellipticKey } from "./agents.ts";
import { certificates, startUpstream, type Speech } from "./upstream.ts";

const start = { handle: "h".repeat(42) + "A", binding: "b".repeat(42) + "A" };
const usedOnce = { use: async () => true };

/** Everything that a refusal says; anything else is a crash, and shows as one. */
function refusalOf(error: unknown): string {
  if (error instanceof SignInRefused) return `${error.problem} | ${error.why}`;
  if (error instanceof MayflyError) return `${error.code} | ${error.message}`;
  throw error;
}

/** A person comes back from an OpenID provider. */
export interface OidcErrand {
  readonly key?: TestKey;
  readonly speech?: Speech;
  /** What came of it; left out: `passed`. */
  readonly say?: (signedIn: SignedIn, asked: URLSearchParams, label: string) => string;
}

const client = `Basic ${Buffer.from("gw:correct").toString("base64")}`;

/** Signs in through OpenID Connect as the configuration says, before a provider on the loopback address. */
export function byOidc({ key = sharedKey, speech = "http", say = () => "passed" }: OidcErrand = {}): Act {
  return async (load) => {
    const clock = fakeClock();
    let issuer = "";
    let nonce = "";
    const code = randomBytes(16).toString("hex");
    const iat = Math.floor(clock.wall() / 1000);
    const documents: Readonly<Record<string, () => object>> = {
      "/.well-known/openid-configuration": () => ({
        issuer,
        authorization_endpoint: `${issuer}/v1/authorize`,
        token_endpoint: `${issuer}/v1/token`,
        userinfo_endpoint: `${issuer}/v1/userinfo`,
        jwks_uri: `${issuer}/v1/keys`,
        id_token_signing_alg_values_supported: ["RS256", "ES256"],
      }),
      "/v1/keys": () => ({ keys: [sharedKey, ellipticKey].map(publicHalf) }),
      "/v1/userinfo": () => ({
        sub: "00ualice",
        preferred_username: "alice@example.com",
        email: "a.smith@example.com",
        groups: ["sre"],
        teams: ["platform"],
      }),
      "/v1/token": () => ({
        access_token: "of-alice",
        token_type: "Bearer",
        expires_in: 3600,
        id_token: signRaw(
          JSON.stringify({ alg: key.alg, kid: key.kid }),
          JSON.stringify({
            iss: issuer,
            aud: "gw",
            sub: "00ualice",
            nonce,
            iat,
            exp: iat + 3600,
            auth_time: iat,
            preferred_username: "alice@example.com",
            email: "a.smith@example.com",
          }),
          key,
        ),
      }),
    };
    const server = await startUpstream((request, response, body) => {
      const { pathname } = new URL(request.url ?? "", "http://provider");
      const isToken = pathname === "/v1/token";
      const wrong =
        isToken &&
        (request.headers.authorization !== client || new URLSearchParams(body).get("code") !== code);
      const document = documents[pathname]?.();
      response.writeHead(wrong ? 401 : document === undefined ? 404 : 200, {
        "content-type": "application/json",
      });
      response.end(JSON.stringify(wrong ? { error: "invalid_client" } : (document ?? {})));
    }, speech);
    issuer = `${speech === "tls" ? "https" : "http"}://127.0.0.1:${server.port}`;
    try {
      const { files } = await certificates();
      const { configuration } = await load({ port: String(server.port) }, files);
      const [provider] = peopleOf(configuration, { url: configuration.url, clock, usedOnce }).providers;
      if (provider === undefined) return "nobody can sign in";
      try {
        const { redirect, keep } = await provider.begin(start);
        const asked = new URL(redirect).searchParams;
        nonce = asked.get("nonce") ?? "";
        const begun = { ...start, keep, at: clock.wall() };
        const parameters = { code, state: asked.get("state") ?? "", iss: issuer };
        return say(await provider.finish({ parameters, begun }), asked, provider.label);
      } catch (error) {
        return refusalOf(error);
      } finally {
        provider.close();
      }
    } finally {
      await server.close();
    }
  };
}

/** A person comes back from a SAML identity provider. */
export interface SamlErrand {
  readonly mint?: (now: number) => Partial<Mint>;
  /** The provider began it: nobody asked. */
  readonly unasked?: boolean;
  readonly say?: (signedIn: SignedIn, label: string) => string;
}

const samlKeys = { ours: newSamlKey(), other: newSamlKey() };

/** Signs in through SAML as the configuration says. */
export function bySaml({ mint = () => ({}), unasked = false, say = () => "passed" }: SamlErrand = {}): Act {
  return async (load) => {
    const clock = fakeClock();
    const make = async (key: keyof typeof samlKeys) =>
      samlIdentityProvider({
        origin: "https://example.okta.com",
        people: [{ login: "alice@example.com", name: "Alice", groups: ["sre"] }],
        key: await samlKeys[key],
        now: () => clock.wall(),
      });
    const [idp, other] = [await make("ours"), await make("other")];
    const { configuration } = await load({}, { "idp.xml": idp.metadata(), "other.xml": other.metadata() });
    const [provider] = peopleOf(configuration, { url: configuration.url, clock, usedOnce }).providers;
    if (provider === undefined) return "nobody can sign in";
    const { url } = configuration;
    idp.register({ entityId: `${url}/sign-in/saml/metadata`, acs: `${url}/sign-in/saml/acs` });
    try {
      const { redirect, keep } = await provider.begin(start);
      const xml = idp.response({
        login: "alice@example.com",
        ...(unasked ? {} : { inResponseTo: authnRequestIn(redirect).id }),
        ...mint(clock.wall()),
      });
      const signedIn = await provider.finish({
        parameters: { SAMLResponse: encodeResponse(xml), ...(unasked ? {} : { RelayState: start.handle }) },
        ...(unasked ? {} : { begun: { ...start, keep, at: clock.wall() } }),
      });
      return say(signedIn, provider.label);
    } catch (error) {
      return refusalOf(error);
    } finally {
      provider.close();
    }
  };
}

/** Somebody who has signed in, under the configuration's rules and before a stand-in for the provider. */
export function signedIn(
  act: (at: {
    readonly people: ManagedPeople;
    readonly clock: FakeClock;
    readonly done: SignInDone;
  }) => Promise<string>,
): Act {
  return async (load) => {
    const { configuration } = await load();
    const clock = fakeClock();
    const provider = stubProvider(() => clock.wall(), "saml");
    const rules = peopleOf(configuration, { url: configuration.url, clock, usedOnce });
    const people = createPeople({
      store: memoryStore(),
      clock,
      rules: { ...rules, providers: [provider] },
    });
    try {
      const { redirect, binding } = await people.begin("saml", {
        returnTo: "/inbox",
        binding: undefined,
        cookie: undefined,
      });
      const done = await people.finish(
        "saml",
        { code: "alice@example.com", RelayState: new URL(redirect).searchParams.get("state") ?? "" },
        { binding, cookie: undefined, address: "10.1.2.3", name: "a browser" },
        async () => undefined,
      );
      return await act({ people, clock, done });
    } catch (error) {
      return refusalOf(error);
    } finally {
      people.close();
    }
  };
}
