import * as client from "openid-client";
import type { Clock } from "../../../kernel/clock.ts";
import { documentFetcher } from "../../provider/document.ts";
import { providerKeys } from "../../tokens/keys.ts";
import type { TrustedProvider } from "../../../kernel/trusted-provider.ts";
import { providerFetch } from "../../provider/transport.ts";
import type { Fetch } from "../../provider/transport.ts";
import { displayName } from "../display-name.ts";
import type { SignInProvider, SignedIn } from "../provider.ts";
import { SignInRefused } from "../problems.ts";
import { loginFrom } from "./claims.ts";
import { isAway, openIdFetch } from "./fetch.ts";
import { readIdToken } from "./id-token.ts";
import { readLogoutToken } from "./logout-token.ts";
import { providerMetadata } from "./metadata.ts";
import { deriveSignInSecret } from "./derived-secret.ts";
import { oidcSession } from "./session.ts";
import type { OidcSettings } from "../../../kernel/oidc-settings.ts";
import type { TokenExpectations } from "./signed-token.ts";

/** What sign-in through OpenID Connect needs. */
export interface OidcOptions {
  readonly settings: OidcSettings;
  /** The gateway's own URL, without a slash at its end. */
  readonly url: string;
  readonly clock: Clock;
  /** How the provider is reached; left out: over HTTP with the provider's `ca`. */
  readonly fetch?: Fetch;
}

/** Time limit of one request to the provider, seconds. */
const REQUEST_TIMEOUT_SECONDS = 10;

/** How long keys verify after the last successful fetch while the provider is away, milliseconds. */
const MAX_KEY_OUTAGE_MS = 3_600_000;

/**
 * Sign-in through OpenID Connect: authorization code with PKCE (S256), `state`, `nonce` and `iss` (RFC 9207). The
 * protocol is openid-client's; the tokens are verified by the same strict checks as access tokens are.
 */
export function oidcSignIn(options: OidcOptions): SignInProvider {
  const { settings, url, clock } = options;
  const redirectUri = `${url}/sign-in/oidc/callback`;
  const fetch = options.fetch ?? providerFetch(settings.ca);
  const fetchDocument = documentFetcher(fetch, clock);
  const metadata = providerMetadata(settings, fetchDocument, clock);
  const trusted: TrustedProvider = {
    issuer: settings.issuer,
    audiences: [settings.clientId],
    groupsClaim: settings.groupsClaim,
    algorithms: settings.algorithms,
    directory: new Map(),
    outage: MAX_KEY_OUTAGE_MS,
    ...(settings.ca === undefined ? {} : { ca: settings.ca }),
    allowInsecureLoopback: settings.allowInsecureLoopback,
  };
  const keys = providerKeys(trusted, fetchDocument, clock);
  const desk: TokenExpectations = { provider: trusted, keys, now: () => clock.wall() };

  /** The library's view of the provider and the client; cheap enough to make for each use. */
  async function configure(maxAge?: number): Promise<client.Configuration> {
    const server = await metadata(maxAge);
    const configuration = new client.Configuration(
      server,
      settings.clientId,
      // The library reads the process's clock; ours is the injected one.
      { [client.clockSkew]: Math.round((clock.wall() - Date.now()) / 1000) },
      authentication(settings, server),
    );
    configuration[client.customFetch] = openIdFetch(fetch);
    configuration.timeout = REQUEST_TIMEOUT_SECONDS;
    if (settings.allowInsecureLoopback) client.allowInsecureRequests(configuration);
    return configuration;
  }

  const session = oidcSession({ settings, configure, desk, clock, signedOutUrl: `${url}/sign-in` });

  return {
    method: "oidc",
    label: settings.label,
    issuer: settings.issuer,

    async begin({ handle, binding, fresh }) {
      // Fetched every time: a person sent to a provider that is away would see their browser's error page, with no way back.
      const configuration = await configure(0);
      const redirect = client.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: settings.scopes.join(" "),
        state: handle,
        nonce: deriveSignInSecret(binding, handle, "nonce"),
        code_challenge: await client.calculatePKCECodeChallenge(deriveSignInSecret(binding, handle, "pkce")),
        code_challenge_method: "S256",
        ...(fresh === undefined ? {} : { max_age: String(Math.floor(fresh / 1000)) }),
      });
      return { redirect: redirect.href, keep: {} };
    },

    async finish({ parameters, begun }): Promise<SignedIn> {
      if (begun === undefined) throw new SignInRefused("expired", "nothing here began this sign-in");
      const { handle, binding, fresh } = begun;
      const configuration = await configure();
      const answered = new URL(redirectUri);
      for (const [name, value] of Object.entries(parameters)) answered.searchParams.set(name, value);
      const nonce = deriveSignInSecret(binding, handle, "nonce");
      const tokens = await client
        .authorizationCodeGrant(configuration, answered, {
          expectedState: handle,
          expectedNonce: nonce,
          pkceCodeVerifier: deriveSignInSecret(binding, handle, "pkce"),
          idTokenExpected: true,
          ...(fresh === undefined ? {} : { maxAge: Math.floor(fresh / 1000) }),
        })
        .catch((thrown: unknown): never => {
          throw refusalOf(thrown);
        });
      const idToken = await readIdToken(
        tokens.id_token ?? "",
        { nonce, accessToken: tokens.access_token, ...(fresh === undefined ? {} : { fresh }) },
        desk,
      );
      const opened = await session.open(tokens, idToken);
      const login = loginFrom(idToken.claims, opened.userInfo, settings.loginClaim);
      const shown = displayName(idToken.claims["name"] ?? opened.userInfo?.["name"], login);
      return {
        issuer: settings.issuer,
        login,
        ...(shown === undefined ? {} : { displayName: shown }),
        providerSubject: idToken.subject,
        ...(idToken.session === undefined ? {} : { providerSession: idToken.session }),
        groups: opened.groups,
        groupsAsOf: opened.asOf,
        ...(idToken.authenticatedAt === undefined ? {} : { authenticatedAt: idToken.authenticatedAt }),
        live: opened.live,
      };
    },

    readLogoutToken: (token) => readLogoutToken(token, desk),
    close: () => keys.close(),
  };
}

/** How the client authenticates: by the secret in the header where the provider accepts that, else in the form. */
function authentication(settings: OidcSettings, server: client.ServerMetadata): client.ClientAuth {
  if (settings.clientSecret === undefined) return client.None();
  const secret = settings.clientSecret.reveal();
  // RFC 8414, section 2: client_secret_basic is the default.
  const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
  return methods.includes("client_secret_basic")
    ? client.ClientSecretBasic(secret)
    : client.ClientSecretPost(secret);
}

/** The provider's answers that blame the provider and not the sign-in (RFC 6749, section 4.1.2.1). */
const passing = ["temporarily_unavailable", "server_error"];

/** Why the library refused, in our words; of the input it repeats only codes that standards define. */
export function refusalOf(thrown: unknown): SignInRefused {
  if (thrown instanceof SignInRefused) return thrown;
  if (isAway(thrown)) return new SignInRefused("provider_away", "the provider did not answer", thrown);
  if (thrown instanceof client.AuthorizationResponseError) {
    if (passing.includes(thrown.error)) return new SignInRefused("provider_away", thrown.error, thrown);
    return new SignInRefused("refused", known(thrown.error), thrown);
  }
  if (thrown instanceof client.ResponseBodyError) {
    if (passing.includes(thrown.error)) return new SignInRefused("provider_away", thrown.error, thrown);
    return new SignInRefused("not_verified", `the token endpoint says ${known(thrown.error)}`, thrown);
  }
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unreadable";
  return new SignInRefused("not_verified", code.slice(0, 60), thrown);
}

/** An error code in the form of RFC 6749; anything else is not repeated. */
function known(error: string): string {
  return /^[a-z_]{1,40}$/.test(error) ? error : "an unknown error";
}
