import type { ReadToken } from "../tokens/token.ts";

/** A token's kind, by its features; nothing is verified. */
export type TokenKind =
  | "access_token"
  | "org_access_token"
  | "id_token"
  | "id_jag"
  | "logout_token"
  | "client_assertion"
  | "dpop_proof"
  | "signal"
  | "unknown";

/** The name of each kind, and where such a token belongs; an access token belongs here. */
export const kindWords: Readonly<Record<TokenKind, string>> = {
  access_token: "an access token",
  org_access_token: "an access token of the Okta org's own server",
  id_token: "an ID token",
  id_jag: "an ID-JAG",
  logout_token: "a logout token",
  client_assertion: "a client's assertion",
  dpop_proof: "a DPoP proof",
  signal: "a security event",
  unknown: "a token of no kind that is known here",
};

const types: readonly (readonly [typ: string, TokenKind])[] = [
  ["oauth-id-jag+jwt", "id_jag"],
  ["dpop+jwt", "dpop_proof"],
  ["logout+jwt", "logout_token"],
  ["secevent+jwt", "signal"],
  ["global-token-revocation+jwt", "signal"],
  ["okta-internal-at+jwt", "org_access_token"],
];

/** Okta begins a token's `jti` with the token's kind. */
const ids: readonly (readonly [prefix: string, TokenKind])[] = [
  ["IDAAG.", "id_jag"],
  ["ID.", "id_token"],
];

const ofIdTokens = ["nonce", "at_hash", "c_hash", "s_hash"];

/** Finds a token's kind: by the type in the header, Okta's ids, and claims that only one kind has. */
export function kindOf({ header, claims }: ReadToken): TokenKind {
  const typ = typeof header["typ"] === "string" ? header["typ"].toLowerCase() : "";
  const byType = types.find(([each]) => typ === each || typ === `application/${each}`);
  if (byType !== undefined) return byType[1];
  const { jti, iss, sub } = claims;
  const byId = ids.find(([prefix]) => typeof jti === "string" && jti.startsWith(prefix));
  if (byId !== undefined) return byId[1];
  if (Object.hasOwn(claims, "events")) return "logout_token";
  if (ofIdTokens.some((name) => Object.hasOwn(claims, name))) return "id_token";
  if (Object.hasOwn(claims, "cid") || Object.hasOwn(claims, "act"))
    return isOrg(iss) ? "org_access_token" : "access_token";
  if (Object.hasOwn(claims, "htm")) return "dpop_proof";
  if (typeof sub === "string" && iss === sub) return "client_assertion";
  return typeof sub === "string" && /^00u\w+$/.test(sub) ? "id_token" : "unknown";
}

/** An issuer without a path is an Okta org's own server. */
function isOrg(issuer: unknown): boolean {
  const url = typeof issuer === "string" ? URL.parse(issuer) : null;
  return url !== null && url.pathname === "/" && /\.okta(?:preview|-emea|-gov)?\.com$/.test(url.hostname);
}
