import { IdentityError } from "../error.ts";
import type { Check } from "../tokens/check.ts";

const members = ["jku", "jwk", "x5u", "x5c"];

/** A token never says by which key to verify it (RFC 8725, section 3.10; RFC 7515, sections 4.1.2 to 4.1.6). */
export const checkEmbeddedKeys: Check = ({ header }) => {
  for (const member of members) {
    if (Object.hasOwn(header, member)) {
      throw new IdentityError(
        "token_header",
        `the access token's header has ${member}, which is not accepted`,
      );
    }
  }
};
