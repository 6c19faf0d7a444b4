import { IdentityError } from "../error.ts";
import { requiredTime } from "../tokens/time-claims.ts";
import { CLOCK_SKEW_MS } from "../tokens/check.ts";
import type { Check } from "../tokens/check.ts";

/** `exp` is there and not past (RFC 7519, section 4.1.4). */
export const checkExpiry: Check = (token, { now }) => {
  if (now >= requiredTime(token, "exp") + CLOCK_SKEW_MS) {
    throw new IdentityError(
      "token_expired",
      "the access token has expired",
      "get a fresh access token and try again",
    );
  }
};
