import { IdentityError } from "../error.ts";

/** A SHA-256 in base64url. */
const thumbprintForm = /^[A-Za-z0-9_-]{43}$/;

/**
 * The thumbprint of the key that a token is bound to (RFC 9449, section 6.1); undefined for a bearer token.
 * @throws IdentityError token_claims for a binding of any other kind: whoever cannot check it must not take the token
 */
export function bindingOf(claims: Readonly<Record<string, unknown>>): string | undefined {
  if (!Object.hasOwn(claims, "cnf")) return undefined;
  const { cnf } = claims;
  const members = typeof cnf === "object" && cnf !== null ? Object.entries(cnf) : [];
  const [name, value] = members[0] ?? [];
  if (members.length !== 1 || name !== "jkt" || typeof value !== "string" || !thumbprintForm.test(value))
    throw new IdentityError(
      "token_claims",
      "the access token is bound (cnf) in a way that is not checked here",
      "get a bearer token, or one that is bound to a key by DPoP (cnf.jkt)",
    );
  return value;
}
