import { isName } from "../../checks/names.ts";
import type { LogoutNotice } from "../provider.ts";
import { readSigned, refuse, tolerance } from "./signed-token.ts";
import type { TokenDesk } from "./signed-token.ts";

/** OpenID Connect Back-Channel Logout 1.0, section 2.4. */
const event = "http://schemas.openid.net/event/backchannel-logout";

/** A logout token older than this was held back by somebody, milliseconds. */
const oldest = 300_000;

/**
 * Verifies a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6), all but that it comes only once.
 * @throws SignInRefused not_verified, naming the claim; provider_away when the keys cannot be had
 */
export async function readLogoutToken(text: string, desk: TokenDesk): Promise<LogoutNotice> {
  const { header, claims } = await readSigned(text, desk);
  const type = header["typ"];
  if (type !== undefined && (typeof type !== "string" || !/^(jwt|logout\+jwt)$/i.test(type))) refuse("typ");
  const { sub, sid, jti, events, iat } = claims;
  // An ID token must never end a session, nor a logout token begin one.
  if (Object.hasOwn(claims, "nonce")) refuse("nonce");
  if (typeof events !== "object" || events === null || !Object.hasOwn(events, event)) refuse("events");
  const body = (events as Readonly<Record<string, unknown>>)[event];
  if (typeof body !== "object" || body === null || Array.isArray(body)) refuse("events");
  if (!isName(jti)) refuse("jti");
  const issuedAt = Number(iat) * 1000;
  if (desk.now() - issuedAt > oldest + tolerance) refuse("iat");
  const once = { id: jti, until: issuedAt + oldest + 2 * tolerance };
  if (sub !== undefined && !isName(sub)) refuse("sub");
  if (sid !== undefined && !isName(sid)) refuse("sid");
  if (sid !== undefined) {
    return { ...once, providerSession: sid, ...(sub === undefined ? {} : { providerSubject: sub }) };
  }
  if (sub === undefined) refuse("sub");
  return { ...once, providerSubject: sub };
}
