import { newId } from "../../kernel/ids.ts";
import type { SignInMethod, SignedIn } from "../sign-in/provider.ts";
import { SignInRefused } from "../sign-in/problems.ts";
import { digestOfSecret, newBrowserSecret } from "../sign-in/secrets.ts";
import type { BrowserSession } from "./store.ts";

/** Where and when a session is made. */
export interface Circumstances {
  readonly method: SignInMethod;
  /** Digest of the rules in force. */
  readonly rules: string;
  /** How long it may live, milliseconds. */
  readonly absolute: number;
  /** The wall clock, milliseconds since the epoch. */
  readonly now: number;
  readonly address: string;
  /** The browser as it calls itself. */
  readonly name: string;
}

/**
 * A new session for somebody who signed in, with a fresh random cookie.
 * @throws SignInRefused not_verified when the provider's own session is over already
 */
export function newSession(
  signedIn: SignedIn,
  { method, rules, absolute, now, address, name }: Circumstances,
): { readonly session: BrowserSession; readonly cookie: string } {
  const endsAt = Math.min(now + absolute, signedIn.endsBy ?? Infinity);
  if (endsAt <= now) throw new SignInRefused("not_verified", "the provider's session is over already");
  const cookie = newBrowserSecret();
  const { issuer, login, displayName, providerSubject, uid, providerSession, groups, authenticatedAt } =
    signedIn;
  const session: BrowserSession = {
    id: newId("bs"),
    digest: digestOfSecret(cookie),
    method,
    issuer,
    login,
    ...(displayName === undefined ? {} : { displayName }),
    providerSubject,
    ...(uid === undefined ? {} : { uid }),
    ...(providerSession === undefined ? {} : { providerSession }),
    rules,
    groups,
    groupsAsOf: Math.min(signedIn.groupsAsOf, now),
    ...(authenticatedAt === undefined ? {} : { authenticatedAt: Math.min(authenticatedAt, now) }),
    signedInAt: now,
    lastSeenAt: now,
    endsAt,
    address,
    browser: name,
  };
  return { session, cookie };
}
