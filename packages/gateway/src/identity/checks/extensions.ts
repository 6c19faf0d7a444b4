import { IdentityError } from "../error.ts";
import type { Check } from "../tokens/check.ts";

const members = ["crit", "b64", "enc", "zip", "cty"];

/** No extension that changes how the rest is read: critical ones (RFC 7515, section 4.1.11), encryption, compression, nesting. */
export const checkExtensions: Check = ({ header }) => {
  for (const member of members) {
    if (Object.hasOwn(header, member)) {
      throw new IdentityError(
        "token_header",
        `the access token's header has ${member}, which is not accepted`,
      );
    }
  }
};
