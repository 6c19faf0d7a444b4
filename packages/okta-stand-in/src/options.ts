import type { JWK } from "jose";
import { oktaId } from "./directory/okta-id.ts";
import type { StandInPublicClient } from "./client-registration.ts";
import { settleAgent } from "./registered-agent.ts";
import type { StandInRevocationEndpoint } from "./senders/global-token-revocation.ts";
import type { RegisteredAgent, StandInRegisteredAgent } from "./registered-agent.ts";

/** A service app: authenticates with private_key_jwt, gets tokens with client_credentials. */
export interface StandInAgent {
  /** Its client id, which is also the `sub` of its tokens. */
  readonly clientId: string;
  /** Its public keys. */
  readonly keys: readonly JWK[];
  /** Demands DPoP at the token endpoints, as Okta does of every new API Services app. */
  readonly dpop?: boolean;
  /** The resources that it may ask tokens for, by `resource`, beside the server's Audience. */
  readonly resources?: readonly string[];
  readonly name?: string;
  /** The groups assigned to the app. */
  readonly groups?: readonly string[];
  /** The app's own profile, `PUT /api/v1/apps/{id}`. */
  readonly profile?: Record<string, unknown>;
  /** Logins of its owners. */
  readonly owners?: readonly string[];
  /** The Okta API scopes that it was granted, for tokens of the org authorization server. */
  readonly oktaScopes?: readonly string[];
  /** The admin role assigned to it; without one Okta's APIs refuse it whatever its scopes. */
  readonly adminRole?: "SUPER_ADMIN" | "READ_ONLY_ADMIN";
}

/** Somebody who can sign in. There are no passwords: it is a stand-in. */
export interface StandInPerson {
  /** Becomes `sub` of access tokens, as Okta does it. */
  readonly login: string;
  readonly name: string;
  readonly groups: readonly string[];
  /** Okta's user id, the `uid` claim; made from the login when left out. */
  readonly uid?: string;
  /** The login when left out. */
  readonly email?: string;
  /** True when left out. */
  readonly emailVerified?: boolean;
}

/** The web application that sends browsers to the org authorization server, with a secret of its own. */
export interface StandInWebClient {
  readonly clientId: string;
  /** Accepted by client_secret_basic and by client_secret_post. */
  readonly clientSecret: string;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris?: readonly string[];
  /** Told by a logout token when a person is signed out at the stand-in (OpenID Connect Back-Channel Logout 1.0). */
  readonly backChannelLogoutUri?: string;
}

export interface OktaStandInOptions {
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** The last part of the issuer; `default` when left out. */
  readonly name?: string;
  /** `aud` of access tokens; `api://mayfly` when left out. */
  readonly audience?: string;
  readonly agents?: readonly StandInAgent[];
  /** AI agents and MCP servers, with both exchanges. */
  readonly registeredAgents?: readonly StandInRegisteredAgent[];
  /**
   * The last token for a machine subject: as Okta's page has it (no `cid`, `jti` and `ver`, `scope` a string), or as people
   * observe it (`cid` and `scp`). Documented when left out.
   */
  readonly machineTokens?: "documented" | "observed";
  /** What an inactive registered agent gets: both are observed. `invalid_client` when left out. */
  readonly inactiveAgentError?: "invalid_client" | "access_denied";
  /** Whether the groups claim is made for agents that act for a person, with the person's groups; true when left out. */
  readonly groupsInDelegated?: boolean;
  /** Whether the custom authorization server wants a nonce in DPoP proofs too, as the org's always does; false. */
  readonly dpopNonces?: boolean;
  /** Demands DPoP of the public client of people. */
  readonly peopleDpop?: boolean;
  /** The ids of groups by name; made from the name where left out. */
  readonly groupIds?: Readonly<Record<string, string>>;
  /** Which events tell of registered agents: `workload_principal.…`, `workload_principal.ai_agent.…`, or both (default). */
  readonly workloadEvents?: "short" | "long" | "both";
  /** A token that may do everything at the management API, as `Authorization: SSWS TOKEN`. None when left out. */
  readonly apiToken?: string;
  /** How many calls of the management API a client may make in a window; 600 when left out. */
  readonly rateLimit?: number;
  /** The window of the rate limit, seconds; 60 when left out, as in Okta. */
  readonly rateWindow?: number;
  /** The most entries of a page of the management API; 200 when left out. */
  readonly pageSize?: number;
  /** The CA (PEM) of whoever is sent hooks, logouts and security events by the management API's routes. */
  readonly trust?: () => string | undefined;
  /** The apps that Universal Logout tells, by Global Token Revocation. */
  readonly globalTokenRevocation?: readonly StandInRevocationEndpoint[];
  readonly people?: readonly StandInPerson[];
  /** The public client through which people come; `mayfly-cli` when left out. */
  readonly peopleClient?: string;
  /** Further public clients, as made for coding agents. None when left out. */
  readonly publicClients?: readonly StandInPublicClient[];
  /** Where that client may be sent back to; a loopback address matches with any port. */
  readonly redirectUris?: readonly string[];
  /** The scopes that exist beside OpenID's; `mayfly` when left out. */
  readonly scopes?: readonly string[];
  /** Seconds an access token lives; 3600 when left out, as in Okta. */
  readonly tokenLifetime?: number;
  /** The groups claim of people's access tokens; `groups` when left out. */
  readonly groupsClaim?: string;
  /** How tokens are signed; RS256 when left out. */
  readonly algorithm?: "RS256" | "ES256";
  /** `max-age` of the keys, seconds; 300 when left out. */
  readonly keysMaxAge?: number;
  /** Who may introspect, with HTTP Basic (client_secret_basic). Nobody when left out. */
  readonly introspection?: { readonly clientId: string; readonly clientSecret: string };
  /** Serves an org authorization server at the root for this application. None when left out. */
  readonly web?: StandInWebClient;
  /**
   * Whether a browser that has signed in is let through without a page, until `prompt=login`, `max_age` or ForceAuthn
   * ask for one. False when left out: whoever tries the demo is several people.
   */
  readonly singleSignOn?: boolean;
}

/** A person with every default filled in; only the groups change while the stand-in runs. */
export interface Person extends Required<Omit<StandInPerson, "groups">> {
  groups: readonly string[];
}

/** The options with every default filled in. */
export interface Settings {
  /** Where everything listens, for example http://127.0.0.1:9000: the issuer of the org authorization server. */
  readonly origin: string;
  readonly issuer: string;
  readonly path: string;
  readonly audience: string;
  readonly agents: readonly StandInAgent[];
  readonly registeredAgents: readonly RegisteredAgent[];
  readonly machineTokens: "documented" | "observed";
  readonly inactiveAgentError: "invalid_client" | "access_denied";
  readonly groupsInDelegated: boolean;
  readonly dpopNonces: boolean;
  readonly peopleDpop: boolean;
  /** The groups assigned to apps, by the client id of the service app or of the agent. */
  readonly appGroups: Map<string, readonly string[]>;
  /** Groups that are known by name although nobody may be in them. */
  readonly groupIds: Map<string, string>;
  readonly workloadEvents: "short" | "long" | "both";
  readonly apiToken: string | undefined;
  readonly rateLimit: number;
  readonly rateWindow: number;
  readonly pageSize: number;
  readonly trust: () => string | undefined;
  readonly globalTokenRevocation: readonly StandInRevocationEndpoint[];
  readonly people: readonly Person[];
  readonly peopleClient: string;
  readonly publicClients: readonly StandInPublicClient[];
  readonly redirectUris: readonly string[];
  readonly scopes: readonly string[];
  readonly tokenLifetime: number;
  readonly groupsClaim: string;
  readonly algorithm: "RS256" | "ES256";
  readonly keysMaxAge: number;
  readonly introspection: { readonly clientId: string; readonly clientSecret: string } | undefined;
  readonly web: StandInWebClient | undefined;
  /** Whether a service app may ask Okta's own APIs. */
  readonly hasOktaApi: boolean;
  readonly singleSignOn: boolean;
}

/** Fills in the defaults once the port is known. */
export function settle(options: OktaStandInOptions, port: number): Settings {
  const path = `/oauth2/${options.name ?? "default"}`;
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    issuer: `${origin}${path}`,
    path,
    audience: options.audience ?? "api://mayfly",
    agents: options.agents ?? [],
    registeredAgents: (options.registeredAgents ?? []).map(settleAgent),
    machineTokens: options.machineTokens ?? "documented",
    inactiveAgentError: options.inactiveAgentError ?? "invalid_client",
    groupsInDelegated: options.groupsInDelegated ?? true,
    dpopNonces: options.dpopNonces ?? false,
    peopleDpop: options.peopleDpop ?? false,
    appGroups: new Map(
      [...(options.agents ?? []), ...(options.registeredAgents ?? [])].map((one) => [
        one.clientId,
        one.groups ?? [],
      ]),
    ),
    groupIds: new Map(Object.entries(options.groupIds ?? {})),
    workloadEvents: options.workloadEvents ?? "both",
    apiToken: options.apiToken,
    rateLimit: options.rateLimit ?? 600,
    rateWindow: options.rateWindow ?? 60,
    pageSize: options.pageSize ?? 200,
    trust: options.trust ?? (() => undefined),
    globalTokenRevocation: options.globalTokenRevocation ?? [],
    people: (options.people ?? []).map((person) => ({
      ...person,
      uid: person.uid ?? oktaId("00u", person.login),
      email: person.email ?? person.login,
      emailVerified: person.emailVerified ?? true,
    })),
    peopleClient: options.peopleClient ?? "mayfly-cli",
    publicClients: options.publicClients ?? [],
    redirectUris: options.redirectUris ?? ["http://127.0.0.1/callback"],
    scopes: options.scopes ?? ["mayfly"],
    tokenLifetime: options.tokenLifetime ?? 3600,
    groupsClaim: options.groupsClaim ?? "groups",
    algorithm: options.algorithm ?? "RS256",
    keysMaxAge: options.keysMaxAge ?? 300,
    introspection: options.introspection,
    web: options.web,
    hasOktaApi:
      options.apiToken !== undefined || (options.agents ?? []).some((one) => one.oktaScopes !== undefined),
    singleSignOn: options.singleSignOn ?? false,
  };
}
