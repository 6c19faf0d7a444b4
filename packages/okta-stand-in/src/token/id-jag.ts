import { randomBytes } from "node:crypto";
import type { SigningKeys } from "../keys.ts";
import type { Person, Settings } from "../options.ts";
import type { RegisteredAgent, StandInConnection } from "../registered-agent.ts";
import { OAuthError } from "./oauth-error.ts";

/** One link of the `act` chain, the nearest first. */
export interface Actor {
  readonly sub: string;
  readonly sub_profile?: string;
  readonly act?: Actor;
}

/** What the exchange at the org authorization server needs. */
export interface ExchangeContext {
  readonly settings: Settings;
  readonly keys: SigningKeys;
  readonly inactive: (subject: string) => boolean;
}

/** Whom a subject token speaks of. */
interface Subject {
  readonly sub: string;
  readonly profile: "user" | "service";
  readonly person: Person | undefined;
  /** Those who acted before the agent that exchanges now. */
  readonly before: Actor | undefined;
}

const tokenTypes = {
  idJag: "urn:ietf:params:oauth:token-type:id-jag",
  id: "urn:ietf:params:oauth:token-type:id_token",
  access: "urn:ietf:params:oauth:token-type:access_token",
};

/** Seconds an ID-JAG lives. */
export const idJagLifetime = 300;

/** Okta's bound for the chain of actors. */
const MAX_CHAIN_DEPTH = 5;

const badSubject = (why: string): OAuthError =>
  new OAuthError("invalid_request", `'subject_token' is invalid: ${why}`);

/**
 * Exchanges an ID token of the agent's linked app, or an access token of one of its machine callers, for an ID-JAG
 * (Okta, "Set up AI agent token exchange"). The checks come in the order in which people meet Okta's errors.
 */
export async function exchangeForIdJag(
  context: ExchangeContext,
  agent: RegisteredAgent,
  form: URLSearchParams,
): Promise<Record<string, unknown>> {
  const { settings, keys } = context;
  if (form.get("requested_token_type") !== tokenTypes.idJag)
    throw new OAuthError("invalid_request", "'requested_token_type' is invalid.");
  const subject = await subjectOf(context, agent, form);
  const connection = connectionFor(settings, agent, form);
  const scopes = (form.get("scope") ?? "").split(" ").filter((one) => one !== "");
  const iat = Math.floor(Date.now() / 1000);
  const claims = {
    jti: `IDAAG.${randomBytes(24).toString("base64url")}`,
    iss: settings.origin,
    aud: settings.issuer,
    iat,
    exp: iat + idJagLifetime,
    sub: subject.sub,
    ...(subject.person === undefined ? {} : { email: subject.person.email }),
    ...(connection.resource === undefined ? {} : { resource: connection.resource }),
    client_id: agent.clientId,
    scope: (scopes.length === 0 ? connection.scopes : scopes).join(" "),
    ...actorClaims(agent, subject),
  };
  return {
    token_type: "N_A",
    expires_in: idJagLifetime,
    access_token: await keys.sign(claims, { typ: "oauth-id-jag+jwt" }),
    issued_token_type: tokenTypes.idJag,
    scope: claims.scope,
  };
}

/** An MCP server's exchange starts a new chain, without actors; an agent puts itself before those who were there. */
function actorClaims(agent: RegisteredAgent, subject: Subject): Record<string, unknown> {
  if (agent.kind === "mcp_server") return {};
  // Where a person stands behind it, and no other app before it, the agent is its own web app too.
  const own = subject.profile === "user" && subject.before?.sub_profile?.includes("web_app") !== true;
  const act: Actor = {
    sub: agent.clientId,
    sub_profile: own ? "ai_agent web_app" : "ai_agent",
    ...(subject.before === undefined ? {} : { act: subject.before }),
  };
  if (depthOf(act) > MAX_CHAIN_DEPTH)
    throw new OAuthError(
      "invalid_subject_token_act_claim_depth",
      "The 'act' claim of the subject token is nested too deeply.",
    );
  return { sub_profile: subject.profile, act };
}

function depthOf(actor: Actor): number {
  return actor.act === undefined ? 1 : 1 + depthOf(actor.act);
}

async function subjectOf(
  context: ExchangeContext,
  agent: RegisteredAgent,
  form: URLSearchParams,
): Promise<Subject> {
  const claims = await context.keys.read(form.get("subject_token") ?? "");
  const type = form.get("subject_token_type");
  if (claims === undefined || Number(claims["exp"]) * 1000 <= Date.now())
    throw new OAuthError("invalid_grant", "'subject_token' is invalid.");
  if (type === tokenTypes.id) return fromIdToken(context, agent, claims);
  if (type === tokenTypes.access) return fromAccessToken(context, agent, claims);
  throw new OAuthError("invalid_request", "'subject_token_type' is invalid.");
}

function fromIdToken(
  context: ExchangeContext,
  agent: RegisteredAgent,
  claims: Record<string, unknown>,
): Subject {
  const { settings, inactive } = context;
  const access = agent.userAccess;
  if (access === undefined || claims["iss"] !== settings.origin || claims["aud"] !== access.clientId)
    throw badSubject("no delegation policy authorizes this token.");
  const person = settings.people.find((one) => one.uid === claims["sub"]);
  if (person === undefined || inactive(person.login) || access.people?.includes(person.login) === false)
    throw badSubject("the user is not assigned to the client application.");
  const before =
    access.clientId === agent.clientId ? undefined : { sub: access.clientId, sub_profile: "web_app" };
  return { sub: person.uid, profile: "user", person, before };
}

function fromAccessToken(
  context: ExchangeContext,
  agent: RegisteredAgent,
  claims: Record<string, unknown>,
): Subject {
  const { settings, inactive } = context;
  const access = agent.machineAccess;
  const act = claims["act"] as Actor | undefined;
  const caller = String(act?.sub ?? claims["cid"]);
  if (
    access === undefined ||
    claims["iss"] !== settings.issuer ||
    claims["aud"] !== (access.audience ?? settings.audience) ||
    !access.callers.includes(caller) ||
    inactive(caller)
  )
    throw badSubject("no delegation policy authorizes this token.");
  const { uid } = claims;
  if (typeof uid !== "string")
    return {
      sub: String(claims["sub"]),
      profile: "service",
      person: undefined,
      before: act ?? { sub: caller, sub_profile: "service" },
    };
  const person = settings.people.find((one) => one.uid === uid);
  if (person === undefined || inactive(person.login))
    throw badSubject("the user is not assigned to the client application.");
  return { sub: uid, profile: "user", person, before: act ?? { sub: caller, sub_profile: "service" } };
}

/** The connection by which the agent may go to `resource`; scopes are never narrowed: one that is not in it fails all. */
function connectionFor(settings: Settings, agent: RegisteredAgent, form: URLSearchParams): StandInConnection {
  const wanted = (form.get("scope") ?? "").split(" ").filter((one) => one !== "");
  const forbidden = wanted.find((one) => ["openid", "profile", "email"].includes(one));
  if (forbidden !== undefined) throw new OAuthError("invalid_scope", `${forbidden} not allowed`);
  const active = agent.connections.filter((one) => (one.status ?? "ACTIVE") === "ACTIVE");
  const resource = form.get("resource") ?? undefined;
  const connection = active.find((one) => one.resource === resource);
  const allowed = (connection === undefined ? active : [connection]).flatMap((one) => one.scopes);
  const missing = wanted.filter((one) => !allowed.includes(one));
  if (active.length > 0 && missing.length > 0)
    throw new OAuthError(
      "invalid_scope",
      `The following scopes are not allowed for this request: [${missing.join(", ")}].`,
    );
  if (form.get("audience") !== settings.issuer)
    throw new OAuthError("invalid_target", "'audience' is invalid.");
  if (connection === undefined) throw new OAuthError("invalid_target", "'resource' is invalid.");
  return connection;
}
