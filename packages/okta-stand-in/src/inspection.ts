import type { IncomingMessage, ServerResponse } from "node:http";
import { createLocalJWKSet, decodeJwt, jwtVerify } from "jose";
import { basicCredentials, readForm, sendJson } from "./http.ts";
import type { SigningKeys } from "./keys.ts";
import type { Settings } from "./options.ts";

/** What has been taken back: tokens by their `jti`, people and clients by name. */
export interface Withdrawn {
  readonly tokens: Set<string>;
  readonly subjects: Set<string>;
}

/** Introspection (RFC 7662) of JWT access tokens, which oidc-provider refuses. */
export async function introspect(
  settings: Settings,
  keys: SigningKeys,
  withdrawn: Withdrawn & { readonly inactive: (subject: string) => boolean },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const credentials = basicCredentials(request);
  const wanted = settings.introspection;
  if (
    wanted === undefined ||
    credentials?.id !== wanted.clientId ||
    credentials.secret !== wanted.clientSecret
  ) {
    sendJson(response, 401, { error: "invalid_client" }, { "www-authenticate": "Basic" });
    return;
  }
  const form = await readForm(request);
  const claims = await keys.read(form.get("token") ?? "");
  const active =
    claims !== undefined &&
    Number(claims["exp"]) * 1000 > Date.now() &&
    !withdrawn.tokens.has(String(claims["jti"])) &&
    !withdrawn.inactive(String(claims["sub"])) &&
    !withdrawn.inactive(String(clientOf(claims)));
  if (!active) {
    sendJson(response, 200, { active: false });
    return;
  }
  const scopes = claims["scp"] ?? claims["scope"];
  sendJson(response, 200, {
    ...claims,
    active: true,
    token_type: claims["cnf"] === undefined ? "Bearer" : "DPoP",
    username: claims["sub"],
    client_id: clientOf(claims),
    scope: Array.isArray(scopes) ? scopes.join(" ") : scopes,
  });
}

/** The client of a token: the nearest actor, where a machine's has no `cid`. */
function clientOf(claims: Record<string, unknown>): unknown {
  return claims["cid"] ?? (claims["act"] as { sub?: unknown } | undefined)?.sub;
}

/** Who asks: a service app by its assertion, the public client by its id. */
async function callingClient(settings: Settings, form: URLSearchParams): Promise<string | undefined> {
  const assertion = form.get("client_assertion");
  if (assertion === null)
    return form.get("client_id") === settings.peopleClient ? settings.peopleClient : undefined;
  try {
    const clientId = decodeJwt(assertion).sub;
    const agent = settings.agents.find((one) => one.clientId === clientId);
    if (agent === undefined) return undefined;
    const { payload } = await jwtVerify(assertion, createLocalJWKSet({ keys: [...agent.keys] }), {
      subject: agent.clientId,
      issuer: agent.clientId,
      audience: [settings.issuer, `${settings.issuer}/v1/revoke`, `${settings.issuer}/v1/token`],
    });
    return payload.sub;
  } catch {
    return undefined;
  }
}

/** Revocation (RFC 7009) of access tokens by the client they were issued to. */
export async function revokeAccessToken(
  settings: Settings,
  keys: SigningKeys,
  withdrawn: Withdrawn,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const form = await readForm(request);
  const client = await callingClient(settings, form);
  if (client === undefined) {
    sendJson(response, 401, { error: "invalid_client" });
    return;
  }
  const claims = await keys.read(form.get("token") ?? "");
  if (claims?.["cid"] === client) withdrawn.tokens.add(String(claims["jti"]));
  response.writeHead(200).end();
}
