import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { sendJson } from "./http.ts";

/** Where Okta registers clients: below the org, whatever authorization server advertises it. */
export const registrationPath = "/oauth2/v1/clients";

/** A public client, as an administrator makes one for coding agents: codes with PKCE, no secret. */
export interface StandInPublicClient {
  readonly clientId: string;
  /** A loopback address matches with any port, which Okta's own do not. */
  readonly redirectUris?: readonly string[];
}

/** Okta advertises registration, and wants an administrator's token for it. */
export async function refuseRegistration(request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume();
  sendJson(response, 401, {
    errorCode: "E0000011",
    errorSummary: "Invalid token provided",
    errorLink: "E0000011",
    errorId: `oae${randomBytes(12).toString("base64url")}`,
    errorCauses: [],
  });
}

/** The same as oidc-provider's clients. */
export function publicClients(clients: readonly StandInPublicClient[], algorithm: string): object[] {
  return clients.map(
    ({ clientId, redirectUris = ["http://127.0.0.1/callback", "http://localhost/callback"] }) => ({
      client_id: clientId,
      application_type: "native",
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      redirect_uris: redirectUris,
      id_token_signed_response_alg: algorithm,
    }),
  );
}
