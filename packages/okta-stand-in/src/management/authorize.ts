import type { IncomingMessage } from "node:http";
import { decodeProtectedHeader } from "jose";
import type { TokenContext } from "../token/endpoint.ts";
import { proofThumbprint } from "../token/dpop.ts";
import { OAuthError } from "../token/oauth-error.ts";
import { OktaApiError } from "./okta-error.ts";

/** What a route demands of its caller. */
export interface Demand {
  /** A scope of Okta's, for example `okta.users.read`; `manage` includes `read`. */
  readonly scope: string;
  /** Only a super administrator. */
  readonly superAdmin?: boolean;
}

/** Who calls: rate limits count by client. */
export interface Caller {
  readonly client: string;
  readonly scopes: readonly string[];
  readonly role: "SUPER_ADMIN" | "READ_ONLY_ADMIN" | undefined;
}

const invalidToken = (): OktaApiError =>
  new OktaApiError(401, "E0000011", "Invalid token provided", {
    "www-authenticate": 'Bearer error="invalid_token", error_description="The access token is invalid."',
  });

/**
 * Who calls the management API: an API token (SSWS), or an access token of the org authorization server, bound to a key
 * where the app demands DPoP.
 */
export async function callerOf(
  context: TokenContext,
  request: IncomingMessage,
  url: string,
): Promise<Caller> {
  const [scheme, credential] = (request.headers.authorization ?? "").split(" ");
  const { settings } = context;
  if (scheme === "SSWS" && settings.apiToken !== undefined && credential === settings.apiToken)
    return { client: "SSWS", scopes: ["*"], role: "SUPER_ADMIN" };
  if ((scheme !== "Bearer" && scheme !== "DPoP") || credential === undefined) throw invalidToken();
  const claims = await context.keys.read(credential);
  const app = settings.agents.find((one) => one.clientId === claims?.["cid"]);
  if (
    claims === undefined ||
    app === undefined ||
    claims["iss"] !== settings.origin ||
    claims["aud"] !== settings.origin ||
    decodeProtectedHeader(credential).typ !== "application/okta-internal-at+jwt" ||
    Number(claims["exp"]) * 1000 <= Date.now() ||
    context.inactive(app.clientId)
  )
    throw invalidToken();
  const { jkt } = (claims["cnf"] ?? {}) as { jkt?: string };
  if ((jkt !== undefined) !== (scheme === "DPoP")) throw invalidToken();
  if (jkt !== undefined) await checkProof(context, request, { url, credential, jkt });
  return { client: app.clientId, scopes: claims["scp"] as string[], role: app.adminRole };
}

async function checkProof(
  context: TokenContext,
  request: IncomingMessage,
  { url, credential, jkt }: { url: string; credential: string; jkt: string },
): Promise<void> {
  try {
    const proof = { url, used: context.used, accessToken: credential };
    if ((await proofThumbprint(request, proof)) === jkt) return;
    throw new OAuthError("invalid_dpop_proof", "The DPoP proof JWT header is missing, or of another key.");
  } catch (thrown) {
    if (!(thrown instanceof OAuthError)) throw thrown;
    throw new OktaApiError(400, "E0000021", "Bad request.", {
      "www-authenticate": `DPoP error="${thrown.code}", error_description="${thrown.message}"`,
    });
  }
}

/** @throws OktaApiError (403) without the scope, or without an admin role */
export function checkDemand(caller: Caller, demand: Demand): void {
  const manage = demand.scope.replace(/\.read$/, ".manage");
  const hasScope = ["*", demand.scope, manage].some((one) => caller.scopes.includes(one));
  const hasRole = demand.superAdmin === true ? caller.role === "SUPER_ADMIN" : caller.role !== undefined;
  const mayWrite = demand.scope.endsWith(".read") || caller.role === "SUPER_ADMIN";
  if (hasScope && hasRole && mayWrite) return;
  throw new OktaApiError(
    403,
    "E0000006",
    "You do not have permission to perform the requested action",
    hasScope
      ? {}
      : {
          "www-authenticate":
            'Bearer error="insufficient_scope", error_description="The access token provided does not contain the required scopes."',
        },
  );
}
