import { IdentityError } from "../error.ts";
import { requiredTime } from "../tokens/time-claims.ts";
import type { Check } from "../tokens/check.ts";

/** Okta's access tokens live 24 hours at most; one that claims more was not made by its rules. */
const MAX_LIFETIME_MS = 24 * 3600_000;

/** The token's lifetime is positive and at most a day. */
export const checkLifetime: Check = (token) => {
  const life = requiredTime(token, "exp") - requiredTime(token, "iat");
  if (life <= 0 || life > MAX_LIFETIME_MS) {
    throw new IdentityError(
      "token_lifetime",
      "the access token's lifetime is not between 0 and 24 hours",
      "set the access token lifetime in the authorization server's access policy",
    );
  }
};
