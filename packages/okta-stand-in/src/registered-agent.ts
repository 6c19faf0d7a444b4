import type { JWK } from "jose";

/** STAGED and INACTIVE agents cannot authenticate. */
export type AgentStatus = "STAGED" | "ACTIVE" | "INACTIVE";

/** The tab *User access* (before: User sign-on): whose ID tokens the agent may exchange. */
export interface StandInUserAccess {
  /**
   * The client through which people sign in: the agent's own id when left out, as Okta links an app today. Another one is
   * the older model, a separate app that stays in the `act` chain.
   */
  readonly clientId?: string;
  /** Authenticates that client. Left out: the agent's keys (own id), or nothing (a public client). */
  readonly clientSecret?: string;
  readonly redirectUris?: readonly string[];
  /** Logins assigned to the app; everybody when left out. */
  readonly people?: readonly string[];
}

/** The tab *Machine access*: whose access tokens the agent may exchange. */
export interface StandInMachineAccess {
  /** The audience that such a token must have, byte for byte; the authorization server's when left out. */
  readonly audience?: string;
  /** Client ids of service apps and of other agents. */
  readonly callers: readonly string[];
}

/** The tab *Resource connections*: where the agent may go, with which scopes. */
export interface StandInConnection {
  /** Becomes `aud` of the token, byte for byte. Left out: no `resource` is asked, and `aud` is the server's Audience. */
  readonly resource?: string;
  readonly scopes: readonly string[];
  readonly status?: "ACTIVE" | "INACTIVE";
}

/** A registered AI agent (Okta for AI Agents), or an MCP server that is registered as an OAuth client. */
export interface StandInRegisteredAgent {
  /** Okta's is `wlp…`, or `0oa…` when the agent was bound to an existing app. */
  readonly clientId: string;
  /** Its public keys. */
  readonly keys: readonly JWK[];
  /** `mcp_server`: its tokens carry neither `act` nor `sub_profile`. */
  readonly kind?: "ai_agent" | "mcp_server";
  readonly name?: string;
  /** ACTIVE when left out. */
  readonly status?: AgentStatus;
  readonly description?: string;
  /** Logins of its owners. */
  readonly owners?: readonly string[];
  /** The groups assigned to its linked app. */
  readonly groups?: readonly string[];
  /** The profile of its linked app. */
  readonly profile?: Record<string, unknown>;
  /** Demands DPoP at the token endpoints. */
  readonly dpop?: boolean;
  readonly userAccess?: StandInUserAccess;
  readonly machineAccess?: StandInMachineAccess;
  readonly connections?: readonly StandInConnection[];
  /** False: the authorization server's access policies lack the agent, or its rule lacks the grant JWT Bearer. */
  readonly allowedByPolicy?: boolean;
}

/** A registered agent with every default filled in; only the status changes while the stand-in runs. */
export interface RegisteredAgent {
  readonly clientId: string;
  readonly keys: readonly JWK[];
  readonly kind: "ai_agent" | "mcp_server";
  readonly name: string;
  readonly description: string;
  readonly profile: Record<string, unknown>;
  status: AgentStatus;
  owners: readonly string[];
  readonly dpop: boolean;
  readonly userAccess: (StandInUserAccess & { readonly clientId: string }) | undefined;
  readonly machineAccess: StandInMachineAccess | undefined;
  connections: readonly StandInConnection[];
  readonly allowedByPolicy: boolean;
}

/** Fills in the defaults. */
export function settleAgent(agent: StandInRegisteredAgent): RegisteredAgent {
  return {
    clientId: agent.clientId,
    keys: agent.keys,
    kind: agent.kind ?? "ai_agent",
    name: agent.name ?? agent.clientId,
    description: agent.description ?? "",
    profile: agent.profile ?? {},
    status: agent.status ?? "ACTIVE",
    owners: agent.owners ?? [],
    dpop: agent.dpop ?? false,
    userAccess:
      agent.userAccess === undefined ? undefined : { clientId: agent.clientId, ...agent.userAccess },
    machineAccess: agent.machineAccess,
    connections: agent.connections ?? [],
    allowedByPolicy: agent.allowedByPolicy ?? true,
  };
}
