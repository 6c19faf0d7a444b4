import { isClaimName } from "../../checks/names.ts";
import { SignInRefused } from "../problems.ts";

/** Verified claims, of an ID token or the userinfo endpoint. */
export type Claims = Readonly<Record<string, unknown>>;

/** Bounds the groups of one claim. */
const MAX_GROUPS = 2000;

/**
 * The groups of a claim: a list of names, or one name; undefined when the claim is not there.
 * @throws SignInRefused not_verified
 */
export function groupsFrom(claims: Claims, name: string): readonly string[] | undefined {
  if (!Object.hasOwn(claims, name)) return undefined;
  const value = claims[name];
  const groups: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (groups.length > MAX_GROUPS || !groups.every(isClaimName)) {
    throw new SignInRefused("not_verified", "the groups are not a list of names");
  }
  return [...new Set(groups)];
}

/**
 * The login: from the ID token, else from userinfo.
 * @throws SignInRefused not_verified
 */
export function loginFrom(idToken: Claims, userInfo: Claims | undefined, name: string): string {
  const value = Object.hasOwn(idToken, name) ? idToken[name] : userInfo?.[name];
  if (!isClaimName(value)) throw new SignInRefused("not_verified", `there is no usable ${name}`);
  return value;
}
