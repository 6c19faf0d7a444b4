import { IdentityError } from "../error.ts";
import type { Check } from "../tokens/check.ts";

const accepted = ["jwt", "at+jwt", "application/at+jwt"];

/** `typ` is absent (as Okta has it), JWT or at+jwt (RFC 9068, section 2.1); a logout or DPoP token is none of these. */
export const checkType: Check = ({ header }) => {
  const { typ } = header;
  if (typ === undefined) return;
  if (typeof typ !== "string" || !accepted.includes(typ.toLowerCase())) {
    throw new IdentityError("token_type", "the token's type is not that of an access token");
  }
};
