import "./quiet-runtime.ts";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { JWK } from "jose";
import { accessTokenClaims } from "./claims.ts";
import type { TokenFor } from "./claims.ts";
import { directoryOf } from "./directory/directory.ts";
import { lifecycleOf } from "./directory/lifecycle.ts";
import type { Lifecycle } from "./directory/lifecycle.ts";
import { systemLog } from "./events/system-log.ts";
import type { SystemLog } from "./events/system-log.ts";
import { refuseRegistration, registrationPath } from "./client-registration.ts";
import { sendJson } from "./http.ts";
import { introspect, revokeAccessToken } from "./inspection.ts";
import type { Withdrawn } from "./inspection.ts";
import { interact } from "./interaction.ts";
import { signingKeys } from "./keys.ts";
import { isAppInactive, isAssigned } from "./linked-apps.ts";
import { eventHookRoutes } from "./management/event-hooks.ts";
import { ssfStreamRoutes } from "./management/ssf-streams.ts";
import { universalLogoutRoutes } from "./management/universal-logout.ts";
import { managementApi } from "./management/api.ts";
import type { ManagementApi } from "./management/api.ts";
import { memoryAdapters } from "./memory-adapter.ts";
import { settle } from "./options.ts";
import type { OktaStandInOptions, Person, Settings } from "./options.ts";
import { orgProvider, signOutEverywhere } from "./org.ts";
import { oktaShapedProvider } from "./provider.ts";
import type { AgentStatus, RegisteredAgent, StandInConnection } from "./registered-agent.ts";
import { samlIdentityProvider } from "./saml/index.ts";
import type { SamlIdentityProvider } from "./saml/index.ts";
import { eventHooks } from "./senders/event-hooks.ts";
import type { EventHooks } from "./senders/event-hooks.ts";
import { revokeAt } from "./senders/global-token-revocation.ts";
import type { RevocationDepartures, StandInRevocationEndpoint } from "./senders/global-token-revocation.ts";
import type { Answer } from "./senders/post.ts";
import { ssfTransmitter } from "./senders/ssf.ts";
import type { SsfTransmitter } from "./senders/ssf.ts";
import { signIn } from "./sign-in.ts";
import { usedOnce } from "./token/client-assertion.ts";
import { dpopNonces } from "./token/dpop.ts";
import { customTokenEndpoint, orgTokenEndpoint } from "./token/endpoint.ts";
import type { TokenContext } from "./token/endpoint.ts";

export * from "./saml/index.ts";
export { newSigningKey } from "./keys.ts";
export { signIn } from "./sign-in.ts";
export { NoAnswer } from "./senders/post.ts";
export { ssfEvents } from "./senders/ssf.ts";
export type { StandInEventHook } from "./senders/event-hooks.ts";
export type { StandInRevocationEndpoint } from "./senders/global-token-revocation.ts";
export type { SecurityEvent, StandInStream } from "./senders/ssf.ts";
export type { OktaStandInOptions, StandInAgent, StandInPerson, StandInWebClient } from "./options.ts";
export type { AgentStatus, StandInRegisteredAgent } from "./registered-agent.ts";

/** How an outage looks from outside: connections reset, 503 answered, or no answer at all. */
export type Outage = "reset" | "unavailable" | "silent";

/** A running stand-in and the levers that tests pull. */
export interface OktaStandIn {
  /** The custom authorization server: access tokens for the API. */
  readonly issuer: string;
  /** The org authorization server, where browsers sign in; only with the option `web`. */
  readonly orgIssuer: string;
  readonly audience: string;
  readonly port: number;
  readonly tokenEndpoint: string;
  /** The org authorization server's: ID-JAGs, and tokens for Okta's own APIs. */
  readonly orgTokenEndpoint: string;
  readonly peopleClient: string;
  /** What an administrator does: each act leaves its events. */
  readonly lifecycle: Lifecycle;
  /** The System Log. */
  readonly log: SystemLog;
  /** Event hooks: whoever is added hears of every event that may stand in one. */
  readonly eventHooks: EventHooks;
  /** Security event tokens (shared signals), pushed. */
  readonly ssf: SsfTransmitter;
  /**
   * Universal Logout: tells an app, by Global Token Revocation, to end everything of a person.
   * @param login or the user id
   * @throws NoAnswer when the app does not answer
   */
  revokeEverywhere(
    login: string,
    to: StandInRevocationEndpoint,
    departures?: RevocationDepartures,
  ): Promise<Answer>;
  /** The management API at `orgIssuer`: the option `apiToken`, or service apps with `oktaScopes` and an `adminRole`. */
  readonly api: ManagementApi;
  /** What happens to registered agents. */
  readonly agents: {
    setStatus(clientId: string, status: AgentStatus): void;
    setConnections(clientId: string, connections: readonly StandInConnection[]): void;
  };
  /** The nonces of DPoP proofs. */
  readonly dpop: {
    nonce(): string;
    /** Hands out another one from now on; `forget` takes none of the old ones. */
    rotateNonce(forget?: boolean): void;
  };
  /** Requests so far by path below the issuer, for example `/v1/keys`; the org's by whole path, `/oauth2/v1/token`. */
  readonly hits: ReadonlyMap<string, number>;
  /** Signs arbitrary claims with the current key, or another; `header` overrides (undefined removes) header members. */
  mint(claims: object, header?: Record<string, unknown>, key?: JWK): Promise<string>;
  /** An access token without going through a flow; `claims` override (undefined removes) what Okta would say. */
  tokenFor(target: TokenFor, claims?: Record<string, unknown>): Promise<string>;
  /** The private JWK that signs now. */
  currentKey(): JWK;
  /** Signs with a new key from now on. `keep: false` also takes the old ones out of the key set. */
  rotateKeys(options?: { readonly keep?: boolean }): Promise<void>;
  /** Begins an outage. */
  pause(how?: Outage): void;
  /** Ends it. */
  resume(): void;
  /** Revokes one access token. */
  revoke(token: string): Promise<void>;
  /** Deactivates a person (by login) or an app or agent (by client id): tokens inactive, none issued. See `lifecycle`. */
  deactivate(subject: string): void;
  reactivate(subject: string): void;
  /** Puts a person into other groups, from the next token and the next userinfo on. */
  setGroups(login: string, groups: readonly string[]): void;
  /**
   * Ends a person's sessions at the org authorization server, and posts logout tokens to the application.
   * @param ca the CA (PEM) by which its certificate is verified, when that is not a public one
   * @returns how many sessions the application was told of
   */
  signOut(login: string, ca?: string): Promise<number>;
  /** The SAML side: the same people, on the same port. */
  readonly saml: SamlIdentityProvider;
  /** Signs a person in without a browser: see signIn. */
  signIn(url: string, login: string): Promise<string>;
  close(): Promise<void>;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Starts a stand-in for an Okta custom authorization server on http://127.0.0.1. It is not Okta and asks for no
 * passwords: for the demo and for tests only.
 */
export async function startOktaStandIn(options: OktaStandInOptions = {}): Promise<OktaStandIn> {
  const hits = new Map<string, number>();
  const withdrawn: Withdrawn = { tokens: new Set(), subjects: new Set() };
  const adapters = memoryAdapters();
  const orgAdapters = memoryAdapters();
  const keys = await signingKeys(options.algorithm ?? "RS256");
  let outage: Outage | undefined;
  let handle: Handler = async (_, response) => sendJson(response, 503, { error: "starting" });

  const server = createServer((request, response) => {
    if (outage === "reset") request.socket.destroy();
    else if (outage === "unavailable") sendJson(response, 503, { error: "temporarily_unavailable" });
    if (outage !== undefined) return;
    handle(request, response).catch((error: unknown) => {
      if (!response.headersSent)
        sendJson(response, 500, { error: "server_error", error_description: String(error) });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const settings = settle(options, port);
  const saml = await samlIdentityProvider({
    origin: `http://127.0.0.1:${port}`,
    people: settings.people,
    groupsAttribute: settings.groupsClaim,
    withdrawn: (login) => withdrawn.subjects.has(login),
  });
  const inactive = (subject: string): boolean =>
    withdrawn.subjects.has(subject) || isAppInactive(settings, subject);
  let trusted: string | undefined;
  const makeProvider = () => oktaShapedProvider(settings, keys.all(), adapters.adapter, inactive);
  const makeOrg = () =>
    settings.web === undefined && settings.registeredAgents.length === 0 && !settings.hasOktaApi
      ? undefined
      : orgProvider(settings, settings.web, keys.all(), orgAdapters, inactive, () => trusted);
  let provider = makeProvider();
  let org = makeOrg();
  const personNamed = (login: string): Person => {
    const person = settings.people.find((one) => one.login === login);
    if (person === undefined) throw new TypeError(`nobody is called ${login}`);
    return person;
  };

  const barred = (login: string, clientId: string): boolean =>
    inactive(login) || inactive(clientId) || !isAssigned(settings, clientId, login);
  const tokens: TokenContext = { settings, keys, inactive, used: usedOnce(), nonces: dpopNonces() };
  const log = systemLog();
  const directory = directoryOf(settings);
  const lifecycle = lifecycleOf(settings, directory, withdrawn, log);
  const hooks = eventHooks(settings.origin, log);
  const ssf = ssfTransmitter(settings.origin, keys, (login) => directory.person(login), log);
  const revoke: OktaStandIn["revokeEverywhere"] = async (login, to, departures) => {
    const person = directory.person(login);
    if (person === undefined) throw new TypeError(`nobody is called ${login}`);
    lifecycle.logOutEverywhere(login);
    return revokeAt(settings.origin, keys, person, to, departures);
  };
  const management = managementApi({ settings, directory, lifecycle, log, isInactive: inactive }, tokens, [
    ...eventHookRoutes(hooks, settings.trust),
    ...ssfStreamRoutes(settings.origin, ssf, settings.trust),
    ...universalLogoutRoutes((login) =>
      Promise.all(settings.globalTokenRevocation.map((to) => revoke(login, { ca: settings.trust(), ...to }))),
    ),
  ]);
  const agentNamed = (clientId: string): RegisteredAgent => {
    const agent = settings.registeredAgents.find((one) => one.clientId === clientId);
    if (agent === undefined) throw new TypeError(`no registered agent is called ${clientId}`);
    return agent;
  };
  const interaction: Handler = (request, response) =>
    interact(settings, provider, (person) => person.login, barred, request, response);
  const orgToken = orgTokenEndpoint(tokens, async (request, response) => org?.callback()(request, response));
  const customToken = customTokenEndpoint(tokens, async (request, response) => {
    Object.assign(request, { originalUrl: `${settings.path}${request.url ?? ""}` });
    await provider.callback()(request, response);
  });
  const routes: Record<string, Handler> = {
    "GET /v1/keys": async (_, response) =>
      sendJson(response, 200, keys.published(), { "cache-control": `max-age=${settings.keysMaxAge}` }),
    "POST /v1/token": async (request, response) => {
      request.url = (request.url ?? "").slice(settings.path.length);
      await customToken(request, response);
    },
    "POST /v1/introspect": (request, response) =>
      introspect(settings, keys, { ...withdrawn, inactive }, request, response),
    "POST /v1/revoke": (request, response) => revokeAccessToken(settings, keys, withdrawn, request, response),
  };
  const orgDocuments: Record<string, () => unknown> = {
    "GET /oauth2/v1/keys": () => keys.published(),
    "GET /.well-known/ssf-configuration": () => ({
      issuer: settings.origin,
      jwks_uri: `${settings.origin}/oauth2/v1/keys`,
      delivery_methods_supported: ["urn:ietf:rfc:8935"],
      configuration_endpoint: `${settings.origin}/api/v1/ssf/stream`,
      spec_version: "1_0",
    }),
  };
  const serveOrg = async (url: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = new URL(url, settings.origin).pathname;
    if (request.method === "POST" && path === registrationPath) {
      hits.set(path, (hits.get(path) ?? 0) + 1);
      await refuseRegistration(request, response);
      return;
    }
    const document = orgDocuments[`${request.method} ${path}`];
    if (document !== undefined) {
      hits.set(path, (hits.get(path) ?? 0) + 1);
      sendJson(response, 200, document());
      return;
    }
    if (org === undefined) {
      sendJson(response, 404, { errorCode: "E0000007", errorSummary: "Not found" });
      return;
    }
    hits.set(path, (hits.get(path) ?? 0) + 1);
    if (path.startsWith("/oauth2/interaction/"))
      await interact(settings, org, (person) => person.uid, barred, request, response);
    else if (request.method === "POST" && path === "/oauth2/v1/token") await orgToken(request, response);
    else await org.callback()(request, response);
  };
  handle = async (request, response) => {
    if (!settings.singleSignOn && request.url?.startsWith("/app/") === true) delete request.headers.cookie;
    if (await saml.handle(request, response)) return;
    if (await management.handle(request, response)) return;
    const original = request.url ?? "/";
    if (!original.startsWith(`${settings.path}/`)) {
      await serveOrg(original, request, response);
      return;
    }
    const url = original.slice(settings.path.length);
    const path = new URL(url, settings.issuer).pathname;
    hits.set(path, (hits.get(path) ?? 0) + 1);
    const own = path.startsWith("/interaction/") ? interaction : routes[`${request.method} ${path}`];
    if (own !== undefined) {
      await own(request, response);
      return;
    }
    // oidc-provider works out where it is mounted from the difference between these two.
    Object.assign(request, { originalUrl: original, url });
    await provider.callback()(request, response);
  };

  return {
    issuer: settings.issuer,
    orgIssuer: settings.origin,
    audience: settings.audience,
    port,
    tokenEndpoint: `${settings.issuer}/v1/token`,
    orgTokenEndpoint: `${settings.origin}/oauth2/v1/token`,
    peopleClient: settings.peopleClient,
    hits,
    lifecycle,
    log,
    api: management,
    eventHooks: hooks,
    ssf,
    revokeEverywhere: revoke,
    agents: {
      setStatus: (clientId, status) => lifecycle.setStatus(clientId, status),
      setConnections(clientId, connections) {
        agentNamed(clientId).connections = connections;
      },
    },
    dpop: { nonce: () => tokens.nonces.current(), rotateNonce: (forget) => tokens.nonces.rotate(forget) },
    mint: (claims, header, key) => keys.sign(claims, header, key),
    tokenFor: (target, claims = {}) => keys.sign({ ...freshClaims(settings, target), ...claims }),
    currentKey: () => keys.all()[0] ?? {},
    async rotateKeys({ keep = true } = {}) {
      await keys.rotate(keep);
      provider = makeProvider();
      org = makeOrg();
    },
    pause(how = "reset") {
      outage = how;
    },
    resume() {
      outage = undefined;
    },
    async revoke(token) {
      const claims = await keys.read(token);
      if (claims === undefined)
        throw new TypeError("only a token that a published key signed can be revoked");
      withdrawn.tokens.add(String(claims["jti"]));
    },
    deactivate: (subject) => lifecycle.deactivate(subject),
    reactivate: (subject) => lifecycle.activate(subject),
    setGroups: (login, groups) => lifecycle.setGroups(login, groups),
    async signOut(login, ca) {
      if (org === undefined)
        throw new TypeError("there is no org authorization server without the option web");
      trusted = ca;
      lifecycle.endSession(login);
      return signOutEverywhere(org, orgAdapters, personNamed(login).uid);
    },
    saml,
    signIn,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function freshClaims(settings: Settings, target: TokenFor): Record<string, unknown> {
  const iat = Math.floor(Date.now() / 1000);
  return accessTokenClaims(settings, target, settings.scopes, { iat, exp: iat + settings.tokenLifetime });
}
