import { randomBytes } from "node:crypto";
import type { Settings } from "./options.ts";

/**
 * For whom an access token is: a service app, a person, a registered agent that acts for a person, or one that acts for a
 * service app (as Okta documents such a token, without `cid`, or as people observe it: the option `machineTokens`).
 */
export type TokenFor =
  | { readonly agent: string; readonly person?: undefined; readonly service?: undefined }
  | {
      readonly person: string;
      /** The client through which the person came, when it is not the one of people. */
      readonly client?: string;
      readonly agent?: undefined;
      readonly service?: undefined;
    }
  | { readonly agent: string; readonly person: string; readonly service?: undefined }
  | { readonly agent: string; readonly service: string; readonly person?: undefined };

/**
 * The claims that an Okta custom authorization server puts into an access token. A service app has neither `uid` nor
 * groups; a person has both; a registered agent is the nearest actor in `act`, and the subject stays whom it acts for.
 */
export function accessTokenClaims(
  settings: Settings,
  target: TokenFor,
  scopes: readonly string[],
  times: { readonly iat: number; readonly exp: number },
): Record<string, unknown> {
  const through = target.agent === undefined ? target.client : target.agent;
  const client = through ?? settings.peopleClient;
  const common = { iss: settings.issuer, aud: settings.audience, ...times };
  if (target.service !== undefined) {
    const service = { sub: target.service, sub_profile: "service" };
    const act = { sub: target.agent, sub_profile: "ai_agent", act: service };
    return settings.machineTokens === "documented"
      ? { ...common, ...service, scope: scopes.join(" "), act }
      : { ...commonClaims(common, target.agent, scopes), ...service, act };
  }
  const base = commonClaims(common, client, scopes);
  if (target.person === undefined) return { ...base, sub: client };
  const person = settings.people.find((one) => one.login === target.person);
  const subject = {
    uid: person?.uid ?? `00u${target.person}`,
    sub: target.person,
    auth_time: times.iat,
    ...(person === undefined || person.groups.length === 0 ? {} : { [settings.groupsClaim]: person.groups }),
  };
  return target.agent === undefined
    ? { ...base, ...subject }
    : {
        ...base,
        ...subject,
        sub_profile: "user",
        act: { sub: target.agent, sub_profile: "ai_agent web_app" },
      };
}

/** What every access token of a custom authorization server has. */
export function commonClaims(
  common: object,
  client: string,
  scopes: readonly string[],
): Record<string, unknown> {
  const jti = `AT.${randomBytes(24).toString("base64url")}`;
  return { ver: 1, jti, ...common, cid: client, scp: scopes };
}
