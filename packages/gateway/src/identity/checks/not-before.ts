import { IdentityError } from "../error.ts";
import { timeClaim } from "../tokens/time-claims.ts";
import { CLOCK_SKEW_MS } from "../tokens/check.ts";
import type { Check } from "../tokens/check.ts";

/** `nbf`, where there is one, has come (RFC 7519, section 4.1.5). */
export const checkNotBefore: Check = (token, { now }) => {
  const nbf = timeClaim(token, "nbf");
  if (nbf !== undefined && nbf > now + CLOCK_SKEW_MS) {
    throw new IdentityError(
      "token_not_yet_valid",
      "the access token is not valid yet",
      "compare this machine's clock with the authorization server's",
    );
  }
};
