import { IdentityError } from "../error.ts";
import { requiredTime } from "../time-claims.ts";
import { skew } from "../check.ts";
import type { Check } from "../check.ts";

/** `exp` is there and not past (RFC 7519, section 4.1.4). */
export const checkExpiry: Check = (token, { now }) => {
  if (now >= requiredTime(token, "exp") + skew) {
    throw new IdentityError(
      "token_expired",
      "the access token has expired",
      "get a fresh access token and try again",
    );
  }
};
