import { randomBytes } from "node:crypto";
import type { Settings } from "./options.ts";

/** For whom an access token is: a service app, a person, or a service app that acts for a person. */
export type TokenFor =
  | { readonly agent: string; readonly person?: undefined }
  | { readonly person: string; readonly agent?: undefined }
  | { readonly agent: string; readonly person: string };

/**
 * The claims that an Okta custom authorization server puts into an access token. A service app has neither `uid`
 * nor groups; a person has both; after an ID-JAG exchange the scope is a string, and `act` names the agent.
 */
export function accessTokenClaims(
  settings: Settings,
  target: TokenFor,
  scopes: readonly string[],
  times: { readonly iat: number; readonly exp: number },
): Record<string, unknown> {
  const client = target.agent ?? settings.peopleClient;
  const base = {
    ver: 1,
    jti: `AT.${randomBytes(24).toString("base64url")}`,
    iss: settings.issuer,
    aud: settings.audience,
    ...times,
    cid: client,
  };
  if (target.person === undefined) return { ...base, scp: scopes, sub: client };
  const person = settings.people.find((one) => one.login === target.person);
  const subject = {
    uid: person?.uid ?? `00u${target.person}`,
    sub: target.person,
    ...(person === undefined || person.groups.length === 0 ? {} : { [settings.groupsClaim]: person.groups }),
  };
  return target.agent === undefined
    ? { ...base, ...subject, scp: scopes, auth_time: times.iat }
    : { ...base, ...subject, scope: scopes.join(" "), act: { sub: target.agent } };
}
