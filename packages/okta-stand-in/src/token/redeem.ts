import { decodeProtectedHeader } from "jose";
import { commonClaims } from "../claims.ts";
import type { RegisteredAgent } from "../registered-agent.ts";
import type { UsedOnce } from "./client-assertion.ts";
import type { ExchangeContext } from "./id-jag.ts";
import { OAuthError } from "./oauth-error.ts";

const badGrant = (words: string): OAuthError => new OAuthError("invalid_grant", words);

/**
 * The claims of the access token for an ID-JAG (RFC 7523, grant JWT bearer, at the custom authorization server). The
 * client is the one that the ID-JAG was issued to, and an ID-JAG works once.
 */
export async function redeemIdJag(
  context: ExchangeContext,
  agent: RegisteredAgent,
  form: URLSearchParams,
  used: UsedOnce,
): Promise<Record<string, unknown>> {
  const { settings, keys } = context;
  const assertion = form.get("assertion") ?? "";
  const jag = await keys.read(assertion);
  if (jag === undefined || decodeProtectedHeader(assertion).typ !== "oauth-id-jag+jwt")
    throw badGrant("The assertion is invalid.");
  if (jag["iss"] !== settings.origin || jag["aud"] !== settings.issuer)
    throw badGrant("The assertion is of another issuer, or for another audience.");
  if (jag["client_id"] !== agent.clientId) throw badGrant("The assertion was issued to another client.");
  if (Number(jag["exp"]) * 1000 <= Date.now()) throw badGrant("The assertion is expired.");
  const { resource } = jag;
  if ((form.get("resource") ?? resource) !== resource)
    throw new OAuthError("invalid_target", "'resource' is invalid.");
  if (!agent.allowedByPolicy)
    throw new OAuthError(
      "access_denied",
      "Policy evaluation failed for this request, please check the policy configurations.",
    );
  const person = settings.people.find((one) => one.uid === jag["sub"]);
  if (person !== undefined && context.inactive(person.login)) throw badGrant("The user is not active.");
  if (person === undefined && agent.kind === "mcp_server")
    throw badGrant("The subject of the assertion is not a user.");
  if (!used.markUsed(String(jag["jti"]))) throw badGrant("id-jag already used");
  const scopes = scopesOf(form.get("scope"), String(jag["scope"]).split(" "));
  const iat = Math.floor(Date.now() / 1000);
  const common = {
    iss: settings.issuer,
    aud: resource ?? settings.audience,
    iat,
    exp: iat + settings.tokenLifetime,
  };
  const chain = Object.fromEntries(
    ["sub_profile", "act"].filter((name) => jag[name] !== undefined).map((name) => [name, jag[name]]),
  );
  if (person !== undefined)
    return {
      ...commonClaims(common, agent.clientId, scopes),
      uid: person.uid,
      auth_time: iat,
      sub: person.login,
      ...(settings.groupsInDelegated && person.groups.length > 0
        ? { [settings.groupsClaim]: person.groups }
        : {}),
      ...chain,
    };
  // Okta's page and what people observe contradict each other here.
  return settings.machineTokens === "documented"
    ? { ...common, sub: jag["sub"], scope: scopes.join(" "), ...chain }
    : { ...commonClaims(common, agent.clientId, scopes), sub: jag["sub"], ...chain };
}

function scopesOf(asked: string | null, granted: readonly string[]): readonly string[] {
  const wanted = asked?.split(" ").filter((one) => one !== "") ?? [];
  if (!wanted.every((one) => granted.includes(one)))
    throw new OAuthError("invalid_scope", "The requested scope exceeds the scope of the assertion.");
  return wanted.length === 0 ? granted : wanted;
}
