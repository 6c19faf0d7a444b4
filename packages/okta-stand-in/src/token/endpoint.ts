import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { accessTokenClaims } from "../claims.ts";
import { readBody, sendJson, withBody } from "../http.ts";
import type { StandInAgent } from "../options.ts";
import type { RegisteredAgent } from "../registered-agent.ts";
import { authenticate } from "./client-assertion.ts";
import type { UsedOnce } from "./client-assertion.ts";
import { proofThumbprint } from "./dpop.ts";
import type { DpopNonces } from "./dpop.ts";
import { exchangeForIdJag } from "./id-jag.ts";
import type { ExchangeContext } from "./id-jag.ts";
import { OAuthError } from "./oauth-error.ts";
import { redeemIdJag } from "./redeem.ts";

/** What the token endpoints of the org and of the custom authorization server share. */
export interface TokenContext extends ExchangeContext {
  readonly used: UsedOnce;
  readonly nonces: DpopNonces;
}

/** Serves what oidc-provider does not: the request with its body still to be read. */
type Next = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

type Client =
  | {
      readonly kind: "service";
      readonly clientId: string;
      readonly keys: StandInAgent["keys"];
      readonly app: StandInAgent;
    }
  | {
      readonly kind: "agent";
      readonly clientId: string;
      readonly keys: RegisteredAgent["keys"];
      readonly agent: RegisteredAgent;
    };

interface TokenRequest {
  readonly context: TokenContext;
  readonly form: URLSearchParams;
  readonly client: Client;
  /** The thumbprint of the key that the token is bound to. */
  readonly jkt: string | undefined;
}

type Grant = (request: TokenRequest) => Promise<Record<string, unknown>>;

const orgGrants: Record<string, Grant> = {
  "urn:ietf:params:oauth:grant-type:token-exchange": async ({ context, form, client }) =>
    exchangeForIdJag(context, agentOf(client), form),
  client_credentials: orgAccessToken,
};

const customGrants: Record<string, Grant> = {
  "urn:ietf:params:oauth:grant-type:jwt-bearer": async ({ context, form, client, jkt }) =>
    tokenAnswer(context, await redeemIdJag(context, agentOf(client), form, context.used), jkt),
  client_credentials: serviceAccessToken,
};

/** `POST /oauth2/v1/token`: ID-JAGs, and tokens for Okta's own APIs. */
export function orgTokenEndpoint(context: TokenContext, next: Next): Next {
  const { origin } = context.settings;
  return endpoint(context, orgGrants, `${origin}/oauth2/v1/token`, origin, true, next);
}

/** `POST /oauth2/{server}/v1/token`: access tokens for the API. */
export function customTokenEndpoint(context: TokenContext, next: Next): Next {
  const { issuer, dpopNonces } = context.settings;
  return endpoint(context, customGrants, `${issuer}/v1/token`, issuer, dpopNonces, next);
}

function endpoint(
  context: TokenContext,
  grants: Record<string, Grant>,
  url: string,
  issuer: string,
  demandsNonce: boolean,
  next: Next,
): Next {
  return async (request, response) => {
    const body = await readBody(request);
    const form = new URLSearchParams(body.toString("utf8"));
    const grant = grants[form.get("grant_type") ?? ""];
    if (grant === undefined) {
      await next(withBody(request, body), response);
      return;
    }
    try {
      const find = (clientId: string): Client | undefined => clientNamed(context, clientId);
      const client = await authenticate(form, find, [url, issuer], context.used);
      checkStatus(context, client);
      const nonces = demandsNonce ? context.nonces : undefined;
      const jkt = await proofThumbprint(request, { url, used: context.used, nonces });
      const demanded = client.kind === "service" ? client.app.dpop : client.agent.dpop;
      if (jkt === undefined && demanded === true)
        throw new OAuthError("invalid_dpop_proof", "The DPoP proof JWT header is missing.");
      sendJson(response, 200, await grant({ context, form, client, jkt }));
    } catch (thrown) {
      if (!(thrown instanceof OAuthError)) throw thrown;
      sendJson(response, thrown.status, thrown.body(), thrown.headers);
    }
  };
}

function clientNamed({ settings }: TokenContext, clientId: string): Client | undefined {
  const agent = settings.registeredAgents.find((one) => one.clientId === clientId);
  if (agent !== undefined) return { kind: "agent", clientId, keys: agent.keys, agent };
  const app = settings.agents.find((one) => one.clientId === clientId);
  return app === undefined ? undefined : { kind: "service", clientId, keys: app.keys, app };
}

/** An agent that is staged or deactivated gets a bare `invalid_client`, which looks like a wrong key and is none. */
function checkStatus({ settings, inactive }: TokenContext, client: Client): void {
  if (client.kind === "service") {
    if (inactive(client.clientId)) throw new OAuthError("invalid_client", "The client is not active.", 401);
    return;
  }
  const isInactive = client.agent.status === "INACTIVE" || inactive(client.clientId);
  if (isInactive && settings.inactiveAgentError === "access_denied")
    throw new OAuthError(
      "access_denied",
      "Policy evaluation failed for this request, please check the policy configurations.",
    );
  if (isInactive || client.agent.status === "STAGED") throw new OAuthError("invalid_client", "", 401);
}

function agentOf(client: Client): RegisteredAgent {
  if (client.kind === "agent") return client.agent;
  throw new OAuthError("unauthorized_client", "The client is not authorized to use the provided grant type.");
}

function serviceOf(client: Client): StandInAgent {
  if (client.kind === "service") return client.app;
  throw new OAuthError("unauthorized_client", "Only service apps can use client_credentials");
}

const badScope = (): OAuthError =>
  new OAuthError(
    "invalid_scope",
    "One or more scopes are not configured for the authorization server resource.",
  );

const wordsOf = (form: URLSearchParams): readonly string[] =>
  (form.get("scope") ?? "").split(" ").filter((one) => one !== "");

/** A service app's token at the custom authorization server; every scope of it is a default scope. */
async function serviceAccessToken({ context, form, client, jkt }: TokenRequest) {
  const app = serviceOf(client);
  const { settings } = context;
  const wanted = wordsOf(form);
  if (!wanted.every((one) => settings.scopes.includes(one))) throw badScope();
  const resource = form.get("resource");
  if (resource !== null && resource !== settings.audience && app.resources?.includes(resource) !== true)
    throw new OAuthError("invalid_target", "'resource' is invalid.");
  const scopes = wanted.length === 0 ? settings.scopes : wanted;
  const claims = accessTokenClaims(settings, { agent: app.clientId }, scopes, times(settings.tokenLifetime));
  return tokenAnswer(context, resource === null ? claims : { ...claims, aud: resource }, jkt);
}

/** A service app's token for Okta's own APIs: one hour, its type Okta's own. */
async function orgAccessToken({ context, form, client, jkt }: TokenRequest) {
  const app = serviceOf(client);
  const wanted = wordsOf(form);
  if (wanted.length === 0 || !wanted.every((one) => app.oktaScopes?.includes(one) === true)) throw badScope();
  const { origin } = context.settings;
  const claims = {
    ver: 1,
    jti: `AT.${randomBytes(24).toString("base64url")}`,
    iss: origin,
    aud: origin,
    sub: app.clientId,
    ...times(3600),
    cid: app.clientId,
    scp: wanted,
  };
  return tokenAnswer(context, claims, jkt, { typ: "application/okta-internal-at+jwt" });
}

function times(lifetime: number): { iat: number; exp: number } {
  const iat = Math.floor(Date.now() / 1000);
  return { iat, exp: iat + lifetime };
}

async function tokenAnswer(
  context: TokenContext,
  claims: Record<string, unknown>,
  jkt: string | undefined,
  header: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const scopes = claims["scp"] ?? claims["scope"];
  return {
    token_type: jkt === undefined ? "Bearer" : "DPoP",
    expires_in: Number(claims["exp"]) - Number(claims["iat"]),
    access_token: await context.keys.sign(jkt === undefined ? claims : { ...claims, cnf: { jkt } }, header),
    scope: Array.isArray(scopes) ? scopes.join(" ") : scopes,
  };
}
