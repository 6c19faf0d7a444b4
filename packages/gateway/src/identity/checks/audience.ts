import { IdentityError } from "../error.ts";
import type { Check } from "../tokens/check.ts";

/** The token is for this gateway (RFC 7519, section 4.1.3): `aud` is one of the configured audiences, or a list with one. */
export const checkAudience: Check = ({ claims }, { provider }) => {
  const { aud } = claims;
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  const isForUs = provider.audiences.some((one) => audiences.includes(one));
  if (!audiences.every((one) => typeof one === "string") || !isForUs) {
    throw new IdentityError(
      "token_audience",
      "the access token is for another audience",
      `ask the authorization server for a token with the audience ${provider.audiences.join(" or ")}`,
    );
  }
};
