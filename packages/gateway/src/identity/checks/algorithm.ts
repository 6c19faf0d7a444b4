import { IdentityError } from "../error.ts";
import type { Check } from "../tokens/check.ts";

/** The algorithm is one of the configured ones, spelled exactly so (RFC 8725, section 3.1). */
export const checkAlgorithm: Check = ({ header }, { provider }) => {
  const allowed: readonly unknown[] = provider.algorithms;
  if (!allowed.includes(header["alg"])) {
    throw new IdentityError(
      "token_algorithm",
      "the access token is not signed with an accepted algorithm",
      `accepted: ${provider.algorithms.join(", ")}`,
    );
  }
};
