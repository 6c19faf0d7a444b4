import { createHmac } from "node:crypto";
import { consoleClient } from "../people.ts";
import { rolesOf } from "../principal-from-claims.ts";
import type { PeopleRules } from "../principal-from-claims.ts";
import type { Verified } from "../principal.ts";
import type { BrowserSession } from "./store.ts";

/** Who a browser session's requests come from: a person, with the roles that their groups give now. */
export function verifiedOf(session: BrowserSession, roles: PeopleRules["roles"]): Verified {
  const { issuer, login, displayName, groups, providerSubject } = session;
  return Object.freeze({
    principal: Object.freeze({
      kind: "person",
      issuer,
      subject: login,
      // Okta's ID tokens name people by the id that access tokens call uid.
      uid: providerSubject,
      client: consoleClient,
      name: login,
      ...(displayName === undefined ? {} : { displayName }),
      groups,
      groupsFrom: "token",
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

/** What unsafe requests of a session have to repeat: made from the cookie, so that it is stored nowhere. */
export function csrfOf(cookie: string): string {
  return createHmac("sha256", cookie).update("mayfly csrf").digest("base64url");
}
