import { IdentityError } from "../error.ts";
import { requiredTime } from "../tokens/time-claims.ts";
import { CLOCK_SKEW_MS } from "../tokens/check.ts";
import type { Check } from "../tokens/check.ts";

/** `iat` is there and not in the future (RFC 9068, section 2.2). */
export const checkIssuedAt: Check = (token, { now }) => {
  if (requiredTime(token, "iat") > now + CLOCK_SKEW_MS) {
    throw new IdentityError(
      "token_not_yet_valid",
      "the access token was issued in the future",
      "compare this machine's clock with the authorization server's",
    );
  }
};
