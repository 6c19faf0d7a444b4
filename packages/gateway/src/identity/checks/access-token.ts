import { IdentityError } from "../error.ts";
import type { Check } from "../tokens/check.ts";

/** Claims of ID tokens (OpenID Connect Core, section 2) and logout tokens, which no access token of Okta's carries. */
const foreign = ["nonce", "at_hash", "c_hash", "s_hash", "events"];

/** It is an access token: an ID token has neither `cid` nor `act`, a `jti` that begins with "ID.", or claims of its own. */
export const checkAccessToken: Check = ({ claims }) => {
  const { jti, scp, scope } = claims;
  const hasClient = Object.hasOwn(claims, "cid") || Object.hasOwn(claims, "act");
  const marked = foreign.some((name) => Object.hasOwn(claims, name));
  if (marked || (typeof jti === "string" && jti.startsWith("ID.")) || !hasClient) {
    throw new IdentityError(
      "token_type",
      "the token is not an access token",
      "send the access token, not the ID token",
    );
  }
  // Okta's own form is a list named `scp`; of agents that act for machines a string named `scope`, and a custom claim of
  // that name is a list.
  if (
    (scp !== undefined && !isList(scp)) ||
    (scope !== undefined && typeof scope !== "string" && !isList(scope))
  ) {
    throw new IdentityError(
      "token_claims",
      "the access token's scopes are neither a list (scp) nor a string or a list (scope)",
    );
  }
};

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
