import { isName } from "../../checks/names.ts";
import { SignInRefused } from "../refusals.ts";

/** Verified claims: of an ID token, or of the userinfo endpoint. */
export type Claims = Readonly<Record<string, unknown>>;

/** More groups than this in one claim is no list that anybody reads. */
const most = 2000;

/**
 * The groups of a claim: a list of names, or one name; undefined when the claim is not there.
 * @throws SignInRefused not_verified
 */
export function groupsFrom(claims: Claims, name: string): readonly string[] | undefined {
  if (!Object.hasOwn(claims, name)) return undefined;
  const value = claims[name];
  const groups: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (groups.length > most || !groups.every(isName)) {
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
  if (!isName(value)) throw new SignInRefused("not_verified", `there is no usable ${name}`);
  return value;
}
