import { createHash } from "node:crypto";
import type { JWK } from "jose";

/** A service app: authenticates with private_key_jwt, gets tokens with client_credentials. */
export interface StandInAgent {
  /** Its client id, which is also the `sub` of its tokens. */
  readonly clientId: string;
  /** Its public keys. */
  readonly keys: readonly JWK[];
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
  readonly people?: readonly StandInPerson[];
  /** The public client through which people come; `mayfly-cli` when left out. */
  readonly peopleClient?: string;
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
  readonly people: readonly Person[];
  readonly peopleClient: string;
  readonly redirectUris: readonly string[];
  readonly scopes: readonly string[];
  readonly tokenLifetime: number;
  readonly groupsClaim: string;
  readonly algorithm: "RS256" | "ES256";
  readonly keysMaxAge: number;
  readonly introspection: { readonly clientId: string; readonly clientSecret: string } | undefined;
  readonly web: StandInWebClient | undefined;
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
    people: (options.people ?? []).map((person) => ({
      ...person,
      uid: person.uid ?? `00u${createHash("sha256").update(person.login).digest("hex").slice(0, 17)}`,
      email: person.email ?? person.login,
      emailVerified: person.emailVerified ?? true,
    })),
    peopleClient: options.peopleClient ?? "mayfly-cli",
    redirectUris: options.redirectUris ?? ["http://127.0.0.1/callback"],
    scopes: options.scopes ?? ["mayfly"],
    tokenLifetime: options.tokenLifetime ?? 3600,
    groupsClaim: options.groupsClaim ?? "groups",
    algorithm: options.algorithm ?? "RS256",
    keysMaxAge: options.keysMaxAge ?? 300,
    introspection: options.introspection,
    web: options.web,
    singleSignOn: options.singleSignOn ?? false,
  };
}
