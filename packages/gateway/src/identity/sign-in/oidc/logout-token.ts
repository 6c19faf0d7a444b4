import { isClaimName } from "../../checks/names.ts";
import type { LogoutNotice } from "../provider.ts";
import { readSigned, rejectToken, CLOCK_TOLERANCE } from "./signed-token.ts";
import type { TokenExpectations } from "./signed-token.ts";

/** OpenID Connect Back-Channel Logout 1.0, section 2.4. */
const event = "http://schemas.openid.net/event/backchannel-logout";

/** Maximum age of a logout token, milliseconds: somebody held an older one back. */
const MAX_LOGOUT_TOKEN_AGE_MS = 300_000;

/**
 * Verifies a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6), except that it comes only once.
 * @throws SignInRefused not_verified, naming the claim; provider_away when the keys cannot be had
 */
export async function readLogoutToken(text: string, desk: TokenExpectations): Promise<LogoutNotice> {
  const { header, claims } = await readSigned(text, desk);
  const type = header["typ"];
  if (type !== undefined && (typeof type !== "string" || !/^(jwt|logout\+jwt)$/i.test(type)))
    rejectToken("typ");
  const { sub, sid, jti, events, iat } = claims;
  // An ID token must never end a session, nor a logout token begin one.
  if (Object.hasOwn(claims, "nonce")) rejectToken("nonce");
  if (typeof events !== "object" || events === null || !Object.hasOwn(events, event)) rejectToken("events");
  const body = (events as Readonly<Record<string, unknown>>)[event];
  if (typeof body !== "object" || body === null || Array.isArray(body)) rejectToken("events");
  if (!isClaimName(jti)) rejectToken("jti");
  const issuedAt = Number(iat) * 1000;
  if (desk.now() - issuedAt > MAX_LOGOUT_TOKEN_AGE_MS + CLOCK_TOLERANCE) rejectToken("iat");
  const once = { id: jti, until: issuedAt + MAX_LOGOUT_TOKEN_AGE_MS + 2 * CLOCK_TOLERANCE };
  if (sub !== undefined && !isClaimName(sub)) rejectToken("sub");
  if (sid !== undefined && !isClaimName(sid)) rejectToken("sid");
  if (sid !== undefined) {
    return { ...once, providerSession: sid, ...(sub === undefined ? {} : { providerSubject: sub }) };
  }
  if (sub === undefined) rejectToken("sub");
  return { ...once, providerSubject: sub };
}
