import { randomBytes } from "node:crypto";
import { Provider, errors } from "oidc-provider";
import type { Context, IssuedToken } from "oidc-provider";
import type { JWK } from "jose";
import { deviceFlow } from "./device-flow.ts";
import { prompts } from "./interaction.ts";
import { linkedApps } from "./linked-apps.ts";
import type { MemoryAdapters } from "./memory-adapter.ts";
import type { Person, Settings, StandInWebClient } from "./options.ts";
import { page } from "./pages.ts";
import { send } from "./senders/post.ts";
import { lifetimes } from "./lifetimes.ts";

const scopes = ["openid", "profile", "email", "groups", "offline_access"];
const cookieKeys = [randomBytes(16).toString("hex")];
const nonceSecret = randomBytes(32);

/** What the org authorization server says of a person, in the id token and at userinfo alike. */
function claimsOf(person: Person): Record<string, unknown> {
  return {
    sub: person.uid,
    name: person.name,
    preferred_username: person.login,
    email: person.email,
    email_verified: person.emailVerified,
    groups: person.groups,
  };
}

function webClient(settings: Settings, web: StandInWebClient): Record<string, unknown> {
  return {
    client_id: web.clientId,
    client_secret: web.clientSecret,
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    redirect_uris: web.redirectUris,
    post_logout_redirect_uris: web.postLogoutRedirectUris ?? [],
    id_token_signed_response_alg: settings.algorithm,
    require_auth_time: true,
    ...(web.backChannelLogoutUri === undefined
      ? {}
      : {
          backchannel_logout_uri: web.backChannelLogoutUri,
          backchannel_logout_session_required: true,
        }),
  };
}

/**
 * oidc-provider with the paths and claims of an Okta *org authorization server*: the issuer is the host alone, `sub` is
 * the user's id, and access tokens are nobody's business but its own userinfo's. Browsers sign in here.
 * @param keys private JWKs, the signing one first
 * @param inactive tells that a person is deactivated and gets nothing
 * @param trusted the CA (PEM) that back-channel logout trusts, besides the public ones
 */
export function orgProvider(
  settings: Settings,
  web: StandInWebClient | undefined,
  keys: readonly JWK[],
  adapters: MemoryAdapters,
  inactive: (login: string) => boolean,
  trusted: () => string | undefined,
): Provider {
  const personOf = (uid: string | undefined): Person | undefined =>
    settings.people.find((one) => one.uid === uid && !inactive(one.login));
  return new Provider(settings.origin, {
    adapter: adapters.adapter,
    clients: [...(web === undefined ? [] : [webClient(settings, web)]), ...linkedApps(settings)],
    jwks: { keys },
    // Cookies know no ports and no mounts: the custom authorization server beside it has the usual names.
    cookies: {
      keys: cookieKeys,
      names: { session: "org_session", interaction: "org_interaction", resume: "org_resume" },
    },
    scopes,
    claims: {
      openid: ["sub"],
      profile: ["name", "preferred_username"],
      email: ["email", "email_verified"],
      groups: ["groups"],
    },
    conformIdTokenClaims: false,
    clientAuthMethods: ["none", "private_key_jwt", "client_secret_basic", "client_secret_post"],
    responseTypes: ["code"],
    pkce: { required: () => true },
    routes: {
      authorization: "/oauth2/v1/authorize",
      token: "/oauth2/v1/token",
      jwks: "/oauth2/v1/keys",
      userinfo: "/oauth2/v1/userinfo",
      revocation: "/oauth2/v1/revoke",
      device_authorization: "/oauth2/v1/device/authorize",
      code_verification: "/activate",
      end_session: "/oauth2/v1/logout",
    },
    ttl: lifetimes(settings),
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: true },
      revocation: { enabled: true },
      backchannelLogout: { enabled: true },
      deviceFlow,
      dPoP: { enabled: true, nonceSecret, requireNonce: () => true },
      resourceIndicators: { enabled: false },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context: Context, form: string) => {
          context.body = page(
            "Sign out?",
            `${form}<button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>`,
          );
        },
        postLogoutSuccessSource: (context: Context) => {
          context.body = page("Signed out", "<p>You can close this page.</p>");
        },
      },
    },
    interactions: {
      policy: prompts(settings.singleSignOn),
      url: (_: Context, interaction: { uid: string }) => `/oauth2/interaction/${interaction.uid}`,
    },
    findAccount: (_: Context, uid: string) => {
      const person = personOf(uid);
      return person === undefined ? undefined : { accountId: uid, claims: () => claimsOf(person) };
    },
    loadExistingGrant: async (context: Context) => {
      const { provider, client, session } = context.oidc;
      const accountId = session?.accountId;
      if (client === undefined || accountId === undefined) return undefined;
      const grant = new provider.Grant({ accountId, clientId: client.clientId });
      grant.addOIDCScope(scopes.join(" "));
      await grant.save();
      return grant;
    },
    issueRefreshToken: (_: Context, __: unknown, code: { scopes: Set<string> }) =>
      code.scopes.has("offline_access"),
    extraTokenClaims: (_: Context, token: IssuedToken) => {
      if (personOf(token.accountId) === undefined) throw new errors.InvalidGrant("the person is deactivated");
      if (inactive(token.clientId)) throw new errors.InvalidClient("the app is deactivated");
      return undefined;
    },
    fetch: (url: string, options: { headers: Headers; body: URLSearchParams }) =>
      post(url, options.body, trusted()),
  });
}

/** Posts a logout token to a gateway with a CA of its own. */
function post(url: string, form: URLSearchParams, ca: string | undefined): Promise<{ status: number }> {
  return send(url, {
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: form.toString(),
    ca,
  });
}

/**
 * Ends every session of a person at the org authorization server and tells the applications by back-channel logout.
 * @returns how many applications' sessions were told of it
 * @throws Error when an application does not answer with 200 or 204
 */
export async function signOutEverywhere(
  provider: Provider,
  adapters: MemoryAdapters,
  uid: string,
): Promise<number> {
  let told = 0;
  for (const session of adapters.live("Session").filter((one) => one["accountId"] === uid)) {
    const authorizations = (session["authorizations"] ?? {}) as Record<string, { sid?: string }>;
    await (await provider.Session.findByUid(String(session["uid"])))?.destroy();
    for (const [clientId, { sid }] of Object.entries(authorizations)) {
      const client = await provider.Client.find(clientId);
      if (client === undefined || sid === undefined) continue;
      await client.backchannelLogout(uid, sid);
      told += 1;
    }
  }
  return told;
}
