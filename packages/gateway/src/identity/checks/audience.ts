import { IdentityError } from "../error.ts";
import type { Check } from "../check.ts";

/** The token is for this gateway (RFC 7519, section 4.1.3): `aud` is the configured audience or a list with it. */
export const checkAudience: Check = ({ claims }, { provider }) => {
  const { aud } = claims;
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!audiences.every((one) => typeof one === "string") || !audiences.includes(provider.audience)) {
    throw new IdentityError(
      "token_audience",
      "the access token is for another audience",
      `ask the authorization server for a token with the audience ${provider.audience}`,
    );
  }
};
