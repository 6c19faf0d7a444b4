import { randomUUID } from "node:crypto";
import type { JWK } from "jose";
import type { SigningKeys } from "../keys.ts";
import type { Person } from "../options.ts";
import { send } from "./post.ts";
import type { Answer } from "./post.ts";

/** What an administrator types under Logout > Global Token Revocation of an app. */
export interface StandInRevocationEndpoint {
  readonly url: string;
  /** The app: the client id (OIDC) or the app instance's id (SAML). */
  readonly app: string;
  /** How the person is named; `iss_sub` when left out. */
  readonly subjectFormat?: "email" | "iss_sub";
  /** The CA (PEM) of the receiver's certificate. */
  readonly ca?: string | undefined;
}

/** Departures from what Okta would send. */
export interface RevocationDepartures {
  /** Over the JWT's claims; undefined removes one. */
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly key?: JWK;
  /** In place of the body's `sub_id`. */
  readonly subject?: Record<string, unknown>;
}

/** Seconds that the JWT counts before and after it was made. */
const VALIDITY = 300;

/** A signed revocation: its bearer and its body. */
export async function revocationCall(
  issuer: string,
  keys: SigningKeys,
  person: Person,
  to: StandInRevocationEndpoint,
  departures: RevocationDepartures = {},
): Promise<{ readonly token: string; readonly body: string }> {
  const now = Math.floor(Date.now() / 1000);
  const token = await keys.sign(
    {
      jti: randomUUID(),
      iss: issuer,
      sub: to.app,
      aud: to.url,
      iat: now,
      nbf: now - VALIDITY,
      exp: now + VALIDITY,
      ...departures.claims,
    },
    { typ: "global-token-revocation+jwt", ...departures.header },
    departures.key,
  );
  const subject =
    to.subjectFormat === "email"
      ? { format: "email", email: person.email }
      : { format: "iss_sub", iss: issuer, sub: person.uid };
  return { token, body: JSON.stringify({ sub_id: departures.subject ?? subject }) };
}

/** Makes the call of Universal Logout to one app. */
export async function revokeAt(
  issuer: string,
  keys: SigningKeys,
  person: Person,
  to: StandInRevocationEndpoint,
  departures?: RevocationDepartures,
): Promise<Answer> {
  const { token, body } = await revocationCall(issuer, keys, person, to, departures);
  return send(to.url, {
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body,
    ca: to.ca,
  });
}
