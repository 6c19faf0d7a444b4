import { createHmac } from "node:crypto";
import { ownLogin } from "../../kernel/logins.ts";
import { consoleClient } from "../people.ts";
import { rolesOf } from "../tokens/principal-from-claims.ts";
import type { PeopleRules } from "../tokens/principal-from-claims.ts";
import type { Principal, Verified } from "../principal.ts";
import type { BrowserSession } from "./store.ts";

/** The principal of a browser session: a person, with the roles of their current groups. */
export function verifiedOf(session: BrowserSession, roles: PeopleRules["roles"]): Verified {
  const { issuer, login, displayName, groups } = session;
  return Object.freeze({
    principal: Object.freeze({
      kind: "person",
      issuer,
      subject: login,
      ...idOf(session),
      client: consoleClient,
      name: login,
      ...(displayName === undefined ? {} : { displayName }),
      groups,
      groupsFrom: "token",
      groupsAsOf: session.groupsAsOf,
      actors: [],
      roles: rolesOf(groups, roles),
    }),
    tokenDigest: session.digest,
    expiresAt: session.endsAt,
    ...(session.authenticatedAt === undefined ? {} : { authenticatedAt: session.authenticatedAt }),
    groupsAsOf: session.groupsAsOf,
    session: session.id,
  } satisfies Verified);
}

/** A session's person by id, and whether the id is only a NameID. */
export function idOf(session: BrowserSession): Pick<Principal, "uidFrom"> & { readonly uid: string } {
  const isNameId = session.method === "saml" && session.uid === undefined;
  return { uid: uidOf(session), ...(isNameId ? { uidFrom: "name_id" } : {}) };
}

/** The provider's own id of a session's person: Okta's ID tokens name people by the id that access tokens call uid. */
export function uidOf({ uid, providerSubject }: BrowserSession): string {
  return uid ?? providerSubject;
}

/**
 * Whether a session belongs to a person. Within one issuer only the provider's id counts: a login may be renamed, and
 * given to somebody else. Across issuers the id or the login counts: one person signs in by several ways.
 */
export function isSessionOf(
  session: BrowserSession,
  { issuer, subject, uid }: { readonly issuer: string; readonly subject: string; readonly uid?: string },
): boolean {
  const isSameId = uid !== undefined && uidOf(session) === uid;
  if (session.issuer === issuer && uid !== undefined) return isSameId;
  return isSameId || ownLogin(session.login) === ownLogin(subject);
}

/** The CSRF token of a session's unsafe requests: derived from the cookie, so that it is stored nowhere. */
export function csrfOf(cookie: string): string {
  return createHmac("sha256", cookie).update("mayfly csrf").digest("base64url");
}
