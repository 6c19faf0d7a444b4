import { randomBytes } from "node:crypto";
import { Provider, errors } from "oidc-provider";
import type { Context, IssuedToken } from "oidc-provider";
import type { JWK } from "jose";
import { accessTokenClaims } from "./claims.ts";
import { publicClients, registrationPath } from "./client-registration.ts";
import { deviceFlow } from "./device-flow.ts";
import { prompts } from "./interaction.ts";
import { linkedApps } from "./linked-apps.ts";
import type { Settings } from "./options.ts";
import { lifetimes } from "./lifetimes.ts";

const openIdScopes = ["openid", "profile", "offline_access"];
const cookieKeys = [randomBytes(16).toString("hex")];
const nonceSecret = randomBytes(32);

function clients(settings: Settings): Record<string, unknown>[] {
  const agents = settings.agents.map((agent) => ({
    client_id: agent.clientId,
    token_endpoint_auth_method: "private_key_jwt",
    // Client credentials are served beside oidc-provider, in Okta's words.
    grant_types: [],
    response_types: [],
    redirect_uris: [],
    jwks: { keys: agent.keys },
  }));
  const people = {
    client_id: settings.peopleClient,
    application_type: "native",
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
    response_types: ["code"],
    redirect_uris: settings.redirectUris,
    id_token_signed_response_alg: settings.algorithm,
    dpop_bound_access_tokens: settings.peopleDpop,
  };
  const others = publicClients(settings.publicClients, settings.algorithm) as Record<string, unknown>[];
  return [...agents, people, ...others, ...linkedApps(settings)];
}

/**
 * oidc-provider with Okta's paths and Okta's access tokens. A key rotation makes a new one over the same `adapter`.
 * @param keys private JWKs, the signing one first
 * @param inactive tells that a person or a client is deactivated and gets nothing
 */
export function oktaShapedProvider(
  settings: Settings,
  keys: readonly JWK[],
  adapter: (model: string) => object,
  inactive: (subject: string) => boolean,
): Provider {
  const provider = new Provider(settings.issuer, {
    adapter,
    clients: clients(settings),
    clientDefaults: { id_token_signed_response_alg: settings.algorithm },
    jwks: { keys },
    cookies: { keys: cookieKeys },
    scopes: openIdScopes,
    claims: { openid: ["sub"], profile: ["name", "preferred_username"] },
    clientAuthMethods: ["none", "private_key_jwt", "client_secret_basic", "client_secret_post"],
    responseTypes: ["code"],
    pkce: { required: () => true },
    routes: {
      authorization: "/v1/authorize",
      token: "/v1/token",
      jwks: "/v1/keys",
      revocation: "/v1/revoke",
      introspection: "/v1/introspect",
      device_authorization: "/v1/device/authorize",
      code_verification: "/activate",
    },
    discovery: {
      registration_endpoint: `${settings.origin}${registrationPath}`,
      introspection_endpoint: `${settings.issuer}/v1/introspect`,
      introspection_endpoint_auth_methods_supported: ["client_secret_basic"],
    },
    ttl: lifetimes(settings),
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      revocation: { enabled: true },
      deviceFlow,
      dPoP: { enabled: true, nonceSecret, requireNonce: () => settings.dpopNonces },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => settings.audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: settings.scopes.join(" "),
          audience: settings.audience,
          accessTokenFormat: "jwt",
          accessTokenTTL: settings.tokenLifetime,
          jwt: { sign: { alg: settings.algorithm, kid: keys[0]?.kid } },
        }),
      },
    },
    interactions: {
      policy: prompts(false),
      url: (_: Context, interaction: { uid: string }) => `${settings.path}/interaction/${interaction.uid}`,
    },
    findAccount: (_: Context, login: string) => {
      const person = settings.people.find((one) => one.login === login);
      if (person === undefined || inactive(login)) return undefined;
      return {
        accountId: login,
        claims: () => ({ sub: login, name: person.name, preferred_username: login }),
      };
    },
    loadExistingGrant: async (context: Context) => {
      const { provider: current, client, session } = context.oidc;
      const accountId = session?.accountId;
      if (client === undefined || accountId === undefined) return undefined;
      const grant = new current.Grant({ accountId, clientId: client.clientId });
      grant.addOIDCScope(openIdScopes.join(" "));
      // Okta without Okta for AI Agents pays no attention to `resource`: the audience stays the server's.
      for (const resource of [settings.audience, context.oidc.params["resource"]].flat())
        if (typeof resource === "string") grant.addResourceScope(resource, settings.scopes.join(" "));
      await grant.save();
      return grant;
    },
    issueRefreshToken: (_: Context, __: unknown, code: { scopes: Set<string> }) =>
      code.scopes.has("offline_access"),
    extraTokenClaims: (_: Context, token: IssuedToken) => {
      if (inactive(token.clientId)) throw new errors.InvalidClient("the client is deactivated");
      if (inactive(token.accountId ?? "")) throw new errors.InvalidGrant("the person is deactivated");
      return undefined;
    },
    formats: {
      customizers: {
        jwt: (_: Context, token: IssuedToken, jwt: { header?: object; payload: Record<string, unknown> }) => {
          const granted = token.scope?.split(" ") ?? settings.scopes;
          const times = { iat: Number(jwt.payload["iat"]), exp: Number(jwt.payload["exp"]) };
          const target = { person: token.accountId ?? "", client: token.clientId };
          const claims = accessTokenClaims(settings, target, granted, times);
          jwt.payload = jwt.payload["cnf"] === undefined ? claims : { ...claims, cnf: jwt.payload["cnf"] };
          // Okta's access tokens carry no `typ`.
          jwt.header = { typ: undefined };
        },
      },
    },
  });
  return provider;
}
