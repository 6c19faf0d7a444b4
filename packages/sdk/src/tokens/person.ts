import type * as OpenId from "openid-client";
import { MayflyError } from "../errors.ts";
import { atServer, type Client, openId, type Proof } from "./authorization-server.ts";
import { issuedToken, type IssuedToken } from "./issued.ts";
import { expiryOf, readJwt } from "./reading.ts";
import { refusalOf } from "./refusals.ts";

/** A token is replaced this long before it expires, milliseconds. */
export const RENEW_AHEAD_MS = 30_000;

/** Whether something that expires then should be replaced now. */
export function isDue(expiresAt: number | undefined, now: number = Date.now()): boolean {
  return expiresAt !== undefined && expiresAt - RENEW_AHEAD_MS <= now;
}

/** Renews a person's own access token (RFC 6749, section 6). @throws MayflyError */
export async function refreshAccess(
  client: Client,
  refreshToken: string,
  proof: Proof,
): Promise<IssuedToken> {
  const answer = await refresh(client, refreshToken, proof);
  const issued = issuedToken(answer, proof);
  return { ...issued, refreshToken: issued.refreshToken ?? refreshToken };
}

/** What an agent keeps of the sign-in of the person whom it acts for. */
export interface SignIn {
  readonly idToken: string;
  readonly refreshToken?: string;
}

/** Renews a person's ID token; the access token that comes with it is the org's own. @throws MayflyError */
export async function refreshIdToken(client: Client, refreshToken: string, proof: Proof): Promise<SignIn> {
  return signInOf(await refresh(client, refreshToken, proof), refreshToken);
}

/** What to keep of a sign-in's answer. @throws MayflyError when it has no ID token */
export function signInOf(answer: OpenId.TokenEndpointResponse, before?: string): SignIn {
  const { id_token: idToken, refresh_token: refreshToken = before } = answer;
  if (idToken === undefined)
    throw new MayflyError("login_failed", "the sign-in gave no ID token", {
      status: 401,
      hint: "ask for the scope openid: an agent exchanges the ID token",
    });
  return { idToken, ...(refreshToken === undefined ? {} : { refreshToken }) };
}

async function refresh(
  client: Client,
  refreshToken: string,
  proof: Proof,
): Promise<OpenId.TokenEndpointResponse> {
  const server = await atServer(client, proof);
  const lib = await openId();
  try {
    return await server.prove((options) => lib.refreshTokenGrant(server.config, refreshToken, {}, options));
  } catch (thrown) {
    const { issuer, clientId } = client;
    throw refusalOf(thrown, { stage: "refresh", issuer, clientId });
  }
}

/** Refuses what is no ID token that can still be exchanged. @throws MayflyError id_token_unusable */
export function checkIdToken(token: string, now: number = Date.now()): void {
  const read = readJwt(token);
  const unusable = (why: string, hint: string): MayflyError =>
    new MayflyError("id_token_unusable", why, { status: 401, hint });
  if (read === undefined)
    throw unusable(
      "the person's ID token is no JWT",
      "give the id_token of the sign-in, and nothing around it",
    );
  if (Object.hasOwn(read.claims, "cid") || Object.hasOwn(read.claims, "scp"))
    throw unusable(
      "the person's token is an access token, not an ID token",
      "give the id_token of the sign-in to the agent's linked app",
    );
  const expiresAt = expiryOf(token);
  if (expiresAt !== undefined && expiresAt <= now)
    throw unusable(
      "the person's ID token has expired (Okta's live for 60 minutes)",
      "sign in again: mayfly login --agent … --person browser, or give a fresh one; with a refresh token it renews itself",
    );
}
