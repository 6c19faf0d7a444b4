import * as z from "zod";
import { allowsRedirect } from "../../kernel/redirect-uris.ts";

/** The operator's public client, as it is handed out. */
export interface PublicClient {
  readonly clientId: string;
  readonly redirectUris: readonly string[];
  readonly scopes: readonly string[];
}

/** What a client is told about itself (RFC 7591, section 3.2.1). */
export interface Registration {
  readonly client_id: string;
  readonly client_id_issued_at: number;
  readonly client_name?: string;
  readonly redirect_uris: readonly string[];
  readonly grant_types: readonly string[];
  readonly response_types: readonly string[];
  readonly token_endpoint_auth_method: "none";
  readonly scope?: string;
}

/** Why a registration was refused (RFC 7591, section 3.2.2). */
export interface RegistrationRefusal {
  readonly error: "invalid_redirect_uri" | "invalid_client_metadata";
  readonly error_description: string;
}

/** What is read of a client's metadata (RFC 7591, section 2); the rest is left out of the answer, as section 3.2.1 lets a server do. */
const metadata = z.looseObject({
  redirect_uris: z.array(z.string().max(2048)).min(1).max(10),
  client_name: z.string().max(200).optional(),
  grant_types: z.array(z.string().max(100)).max(20).optional(),
  response_types: z.array(z.string().max(100)).max(20).optional(),
});

/** What the one client supports, of what a client may ask for. */
const possible = ["authorization_code", "refresh_token"];

/**
 * Returns the operator's public client to a caller whose redirect URIs are all allowed. Nothing is created or stored:
 * every caller gets the same client, without a secret, for codes with PKCE alone.
 * @param asked the body, parsed
 * @param now wall clock, milliseconds since the epoch
 */
export function register(
  asked: unknown,
  client: PublicClient,
  now: number,
): Registration | RegistrationRefusal {
  const read = metadata.safeParse(asked);
  if (!read.success) {
    const members = [...new Set(read.error.issues.map(({ path }) => String(path[0] ?? "the metadata")))];
    return {
      error: members.includes("redirect_uris") ? "invalid_redirect_uri" : "invalid_client_metadata",
      error_description: `not usable: ${members.join(", ")}`,
    };
  }
  const { redirect_uris: uris, client_name: name, grant_types: grants, response_types: types } = read.data;
  const strange = uris.findIndex((uri) => !allowsRedirect(client.redirectUris, uri));
  if (strange !== -1)
    return {
      error: "invalid_redirect_uri",
      error_description: `redirect_uris[${strange}] is not among those that this gateway's operator allows (identity.mcp_clients.redirect_uris)`,
    };
  // RFC 7591, section 2: left out, it is authorization_code and code.
  const granted = (grants ?? ["authorization_code"]).filter((one) => possible.includes(one));
  if (!granted.includes("authorization_code") || !(types ?? ["code"]).includes("code"))
    return {
      error: "invalid_client_metadata",
      error_description:
        "the client is for the grant type authorization_code, with response type code and PKCE",
    };
  return {
    client_id: client.clientId,
    client_id_issued_at: Math.floor(now / 1000),
    ...(name === undefined ? {} : { client_name: name }),
    redirect_uris: uris,
    grant_types: [...new Set(granted)],
    response_types: ["code"],
    // Whatever was asked for: section 3.2.1 lets a server replace it, and the client has no secret.
    token_endpoint_auth_method: "none",
    ...(client.scopes.length === 0 ? {} : { scope: client.scopes.join(" ") }),
  };
}
