import { trustedUrl } from "../provider/discovery.ts";
import type { Place } from "../provider/discovery.ts";
import { DocumentFailure } from "../provider/document.ts";

/** What an authorization server says about itself (RFC 8414, section 2), of what MCP clients read. */
export type ServerMetadata = Readonly<Record<string, string | boolean | readonly string[]>>;

/** The endpoints that a client needs, and one that it may use: all the provider's own. */
const needed = ["authorization_endpoint", "token_endpoint", "jwks_uri"] as const;
const optional = ["revocation_endpoint"] as const;
/** What is true of the provider's endpoints, and so of this document, only where the provider says so. */
const flags = [
  "client_id_metadata_document_supported",
  // RFC 9207, section 3.
  "authorization_response_iss_parameter_supported",
] as const;
const lists = ["dpop_signing_alg_values_supported"] as const;

/**
 * The document by which clients find the provider although the provider registers none of them: its endpoints, with the
 * gateway's own for registration. The issuer is the gateway's: RFC 8414, section 3.3, wants it to be the URL that the
 * document was asked under. Tokens go on being the provider's, and name it.
 * @param document the provider's own, its `issuer` checked
 * @throws DocumentFailure when the provider's endpoints cannot be used
 */
export function serverMetadata(
  document: Readonly<Record<string, unknown>>,
  place: Place,
  ours: { readonly issuer: string; readonly registration: string; readonly scopes: readonly string[] },
): ServerMetadata {
  // OAuth 2.1 and MCP: no code without PKCE, and `plain` proves nothing (RFC 7636, section 4.2).
  if (!texts(document["code_challenge_methods_supported"]).includes("S256"))
    throw new DocumentFailure("the provider does not say that it supports PKCE with S256");
  const result: Record<string, string | boolean | readonly string[]> = { issuer: ours.issuer };
  for (const name of needed) result[name] = trustedUrl(document[name], place, name);
  for (const name of optional)
    if (document[name] !== undefined) result[name] = trustedUrl(document[name], place, name);
  result["registration_endpoint"] = ours.registration;
  if (ours.scopes.length > 0) result["scopes_supported"] = ours.scopes;
  result["response_types_supported"] = ["code"];
  const refreshes = texts(document["grant_types_supported"]).includes("refresh_token");
  result["grant_types_supported"] = ["authorization_code", ...(refreshes ? ["refresh_token"] : [])];
  result["token_endpoint_auth_methods_supported"] = ["none"];
  if (result["revocation_endpoint"] !== undefined)
    result["revocation_endpoint_auth_methods_supported"] = ["none"];
  result["code_challenge_methods_supported"] = ["S256"];
  for (const name of flags) if (document[name] === true) result[name] = true;
  for (const name of lists) if (texts(document[name]).length > 0) result[name] = texts(document[name]);
  return result;
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
