import type { Asked, Stage } from "./refusals.ts";

/** What an authorization server said when it refused. */
export interface Told {
  /** OAuth's error code; empty where the answer has none. */
  readonly error: string;
  readonly says: string;
  readonly status: number | undefined;
}

/** One way in which Okta refuses: how it is recognised, and what to do in Okta's console. */
interface HintRow {
  readonly code: string;
  readonly stages?: readonly Stage[];
  readonly errors?: readonly string[];
  /** Of the error and its description: Okta tells several refusals apart in words alone. */
  readonly says?: RegExp;
  readonly status?: number;
  /** What the server did, after its name. */
  readonly what: (asked: Asked) => string;
  readonly hint: (asked: Asked) => string;
}

const agentStages: readonly Stage[] = ["exchange", "redeem"];

const agentAt = ({ clientId }: Asked): string => `Directory > AI agents > ${clientId}`;
const serverAt = ({ issuer }: Asked): string => `Security > API > Authorization Servers > ${issuer}`;
const scopeOf = ({ scope }: Asked): string =>
  scope === undefined || scope === "" ? "the scope" : `'${scope}'`;
export const noToken = ({ stage, clientId }: Asked): string =>
  stage === "sign_in" ? "says that the sign-in did not succeed" : `gave ${clientId} no token`;

/** The grant type as Okta's console names it in an access policy's rule. */
const grantNames: Readonly<Record<Stage, string>> = {
  client_credentials: "Client Credentials",
  exchange: "Token Exchange",
  redeem: "JWT Bearer",
  sign_in: "Authorization Code or Device Authorization",
  refresh: "Refresh Token",
};

/**
 * Okta's refusals in the order in which one meets them while an agent is set up; the first row that fits speaks. Screens
 * and fields are called as Okta's console calls them.
 */
export const hintRows: readonly HintRow[] = [
  {
    code: "rate_limited",
    status: 429,
    what: () => "answers too many requests (429)",
    hint: () => "wait a minute; Reports > Rate Limits in Okta's console shows who uses them up",
  },
  {
    code: "client_credentials_refused",
    stages: ["client_credentials"],
    says: /only service apps can use client_credentials/i,
    what: noToken,
    hint: ({ clientId }) =>
      `if ${clientId} is a registered AI agent, log in with --agent ${clientId}; if it is to be a service app, make one: Applications > Create App Integration > API Services`,
  },
  {
    code: "client_credentials_refused",
    stages: ["client_credentials"],
    errors: ["unauthorized_client", "unsupported_grant_type"],
    what: noToken,
    hint: ({ clientId }) =>
      `client credentials are for service apps (Applications > Create App Integration > API Services); if ${clientId} is a registered AI agent, log in with --agent ${clientId}`,
  },
  {
    code: "dpop_refused",
    errors: ["invalid_dpop_proof", "use_dpop_nonce"],
    what: () => "refuses the proof of the DPoP key",
    hint: () =>
      "compare this machine's clock with the authorization server's; else clear General Settings > Require Demonstrating Proof of Possession (DPoP) header in token requests of the app",
  },
  ...[
    { says: /requested_token_type/i },
    // The org, or one without Okta for AI Agents, takes the client for another kind of app.
    { errors: ["unauthorized_client", "unsupported_grant_type"] },
  ].map((recognised): HintRow => ({
    code: "agents_feature_off",
    stages: ["exchange"],
    ...recognised,
    what: ({ clientId }) => `gives ${clientId} no ID-JAG`,
    hint: ({ clientId }) =>
      `it does so for registered AI agents alone: Directory > AI agents > Register AI agent, and ${clientId} must be that agent's client id. Without that menu Okta for AI Agents is off in this org (Settings > Features). --org is the org's URL itself, not an authorization server's`,
  })),
  {
    code: "no_delegation",
    stages: ["exchange"],
    says: /no delegation/i,
    what: ({ clientId }) => `does not let ${clientId} act for the holder of this token`,
    hint: (asked) =>
      asked.subject === "access_token"
        ? `${agentAt(asked)} > Machine access > Add caller: name the app or agent that the token is of, on the authorization server that issued it; the token's audience must be this agent's resource URL (--caller-resource)`
        : `${agentAt(asked)} > User access: link the OIDC app that the person signs in to, and give an ID token of that app (--person-client names it where its client id is not the agent's)`,
  },
  {
    code: "user_not_assigned",
    says: /not assigned to/i,
    what: ({ stage, clientId }) =>
      stage === "exchange"
        ? `does not let ${clientId} act for this person, who is not assigned`
        : "does not let this person in, who is not assigned",
    hint: ({ subject }) =>
      `Applications > the agent's linked app${subject === "access_token" ? ", and the caller's app" : ""} > Assignments: assign the person, or a group of theirs`,
  },
  {
    code: "too_many_actors",
    stages: ["exchange"],
    says: /act_claim_depth|act claim depth/i,
    what: () => "refuses so long a chain of agents",
    hint: () => "Okta takes at most 5 actors in a row: let the agents call each other more directly",
  },
  {
    code: "scope_refused",
    stages: ["exchange"],
    errors: ["invalid_scope"],
    what: ({ clientId }) => `does not let ${clientId} ask for this scope`,
    hint: (asked) =>
      `${agentAt(asked)} > Resource connections > the connection to the authorization server: list ${scopeOf(asked)} under Only allow (the scopes of the server's own policy do not count here). One scope that is not listed refuses all; openid, profile and email never work`,
  },
  {
    code: "scope_refused",
    errors: ["invalid_scope"],
    what: ({ clientId }) => `does not let ${clientId} ask for this scope`,
    hint: (asked) =>
      `${serverAt(asked)} > Scopes: add ${scopeOf(asked)}; and Access Policies > the rule > Scopes requested: allow it`,
  },
  {
    code: "target_refused",
    errors: ["invalid_target"],
    what: ({ clientId }) => `knows no such resource of ${clientId}`,
    hint: (asked) =>
      `${agentAt(asked)} > Resource connections: the connection must be ACTIVE, its authorization server the one that --issuer names, and its resource URL byte for byte ${asked.resource === undefined ? "what --resource says (left out now)" : `'${asked.resource}' (--resource)`}`,
  },
  {
    code: "agent_inactive",
    // What the org has no policy for: an agent that was deactivated gets this, or invalid_client.
    stages: ["exchange"],
    errors: ["access_denied"],
    what: ({ clientId }) => `does not take ${clientId} for an active agent, or its key for the agent's`,
    hint: (asked) =>
      `${agentAt(asked)}: it must be ACTIVE (a STAGED or deactivated agent gets this same answer: choose Activate); under Client registration the key of --key must be there with its kid, and Enabled (mayfly agent keygen makes one)`,
  },
  {
    code: "policy_refused",
    says: /access_denied: .*policy|unauthorized_client|unsupported_grant_type/i,
    what: ({ clientId }) => `has no access policy that lets ${clientId} in`,
    hint: (asked) =>
      `${serverAt(asked)} > Access Policies: assign ${asked.clientId} under Assign to clients, and in the rule tick the grant type ${grantNames[asked.stage]}${asked.stage === "redeem" || asked.stage === "client_credentials" ? ", with any user: a rule for groups never fits it" : ""}${asked.stage === "redeem" ? `. ${agentAt(asked)} must be ACTIVE: a deactivated agent can get this same answer` : ""}`,
  },
  {
    code: "agent_inactive",
    stages: agentStages,
    errors: ["invalid_client"],
    what: ({ clientId }) => `does not take ${clientId} for an active agent, or its key for the agent's`,
    hint: (asked) =>
      `${agentAt(asked)}: it must be ACTIVE (a STAGED or deactivated agent gets this same answer: choose Activate); under Client registration the key of --key must be there with its kid, and Enabled (mayfly agent keygen makes one)`,
  },
  {
    code: "client_refused",
    stages: ["sign_in"],
    errors: ["invalid_client"],
    what: ({ clientId }) => `does not know the client ${clientId}`,
    hint: () =>
      "--client-id names the app that people sign in to (left out: mayfly-cli): Applications > the app > General > Client ID. It must be Active; for --device tick Device Authorization under Grant type. An app with a private key needs that key as well (--person-key)",
  },
  {
    code: "client_refused",
    errors: ["invalid_client"],
    what: noToken,
    hint: ({ clientId }) =>
      `Applications > ${clientId}: the app must be Active; General > Client Credentials > Public key / Private key must hold the public key of --key, with its kid (--key-id where a PEM cannot say it)`,
  },
  {
    code: "subject_token_refused",
    stages: ["exchange"],
    says: /subject_token/i,
    what: ({ clientId }) => `does not take the token that ${clientId} shows`,
    hint: ({ subject }) =>
      subject === "access_token"
        ? "it must be an unexpired access token of a custom authorization server (not of the org), with the agent's resource URL as its audience (--caller-resource), and no ID token"
        : "it must be an unexpired ID token of the agent's linked app, and no access token: sign in again (--person browser)",
  },
  {
    code: "sign_in_over",
    stages: ["refresh"],
    errors: ["invalid_grant"],
    what: () => "does not go on with this sign-in",
    hint: () => "log in again: the person's sign-in has ended, was revoked, or its refresh token is too old",
  },
  {
    code: "assertion_refused",
    stages: ["redeem"],
    errors: ["invalid_grant"],
    what: () => "does not take the ID-JAG",
    hint: () =>
      "an ID-JAG is good for 5 minutes and one request: compare this machine's clock with Okta's, and try again; --issuer must be the authorization server that the agent's resource connection names",
  },
];
