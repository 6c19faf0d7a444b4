import { IdentityError } from "../error.ts";
import type { Check } from "../tokens/check.ts";

/** The header names its key, so that exactly one is tried. */
export const checkKeyId: Check = ({ header }) => {
  const { kid } = header;
  if (typeof kid !== "string" || kid.length === 0 || kid.length > 256) {
    throw new IdentityError("token_header", "the access token's header names no key (kid)");
  }
};
