import { MayflyError } from "@mayfly/sdk";
import {
  askAsService,
  type Client,
  type IssuedToken,
  type Proof,
  refreshAccess,
  USUAL_SCOPE,
} from "@mayfly/sdk/tokens";
import { askForAgent } from "./agent-login.ts";
import { readKeyFile } from "./key-files.ts";
import type { Profile } from "./profile.ts";

/** What a login knows of itself, so that it can get a token again. */
export type Login = Omit<Profile, "url" | "ca" | "accessToken" | "expiresAt" | "isBound">;

/** A login with its newest token. */
export interface Obtained {
  readonly login: Login;
  readonly token: IssuedToken;
}

/** What a person's login asks for. */
export const PERSON_SCOPE = `openid offline_access ${USUAL_SCOPE}`;

/** The client of a login at its authorization server. */
export function clientOf({ issuer, clientId, key, keyId }: Login): Client {
  if (issuer === undefined || clientId === undefined)
    throw notLoggedIn("there is nothing to get a new token with");
  return { issuer, clientId, ...(key === undefined ? {} : { key: readKeyFile(key, keyId) }) };
}

/** Gets a login's next token: by both exchanges, by the key, or by the refresh token. @throws MayflyError */
export async function obtain(login: Login, proof: Proof): Promise<Obtained> {
  if (login.agent !== undefined) return askForAgent(login, login.agent, clientOf(login), proof);
  if (login.key !== undefined) {
    const { scope, resource } = login;
    const ask = {
      client: clientOf(login),
      ...(scope === undefined ? {} : { scope }),
      ...(resource === undefined ? {} : { resource }),
    };
    return { login, token: await askAsService(ask, proof) };
  }
  if (login.refreshToken === undefined)
    throw notLoggedIn("the access token is over, or too old, and this login has no way to get a fresh one");
  const token = await refreshAccess(clientOf(login), login.refreshToken, proof);
  return { login: { ...login, ...kept(token) }, token };
}

/** What is kept of a login and its newest token. */
export function profileOf(place: Pick<Profile, "url" | "ca">, { login, token }: Obtained): Profile {
  const { accessToken, expiresAt, dpop } = token;
  return {
    ...place,
    ...login,
    accessToken,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(dpop === undefined ? {} : { isBound: true }),
  };
}

/** What a person's login keeps of a token's answer. */
export function kept({ refreshToken }: IssuedToken): Pick<Login, "refreshToken"> {
  return refreshToken === undefined ? {} : { refreshToken };
}

/** Nobody is logged in, or not any more. */
export function notLoggedIn(
  why: string,
  hint = "mayfly login --help says how to log in; or set MAYFLY_TOKEN",
): MayflyError {
  return new MayflyError("not_logged_in", why, { hint });
}
