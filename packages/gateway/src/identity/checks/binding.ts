import type { Check } from "../tokens/check.ts";
import { bindingOf } from "../dpop/binding.ts";
import { DpopError } from "../dpop/error.ts";

/** A token is bound to a key by its thumbprint, or to nothing where the provider's tokens may be bearer tokens (RFC 9449). */
export const checkBinding: Check = ({ claims }, { provider }) => {
  if (bindingOf(claims) !== undefined || provider.dpop !== "require") return;
  throw new DpopError(
    "token_unbound",
    { error: "invalid_token" },
    "access tokens must be bound to a key here (DPoP), and this one is not",
    "turn on DPoP for this client at the authorization server, and get a fresh token",
  );
};
