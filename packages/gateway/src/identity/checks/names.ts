import { hasInvisible } from "../../kernel/invisible-characters.ts";
import { IdentityError } from "../error.ts";
import type { Check } from "../tokens/check.ts";

/** Whether a text can name somebody: not empty, no invisible characters, at most 512 characters. */
export function isClaimName(value: unknown): value is string {
  return typeof value === "string" && value.trim().length > 0 && value.length <= 512 && !hasInvisible(value);
}

/** `sub` names somebody, and so do `cid` and `uid` where they are there; `client_id` does not contradict `cid`. */
export const checkNames: Check = ({ claims }) => {
  for (const name of ["sub", "cid", "uid"]) {
    const isNeeded = name === "sub" || Object.hasOwn(claims, name);
    if (isNeeded && !isClaimName(claims[name]))
      throw new IdentityError("token_claims", `the access token has no usable ${name}`);
  }
  if (Object.hasOwn(claims, "client_id") && claims["client_id"] !== claims["cid"]) {
    throw new IdentityError(
      "token_claims",
      "the access token names two clients",
      "client_id, where the authorization server adds that claim, must equal cid",
    );
  }
};
