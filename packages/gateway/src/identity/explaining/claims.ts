import type { TrustedProvider } from "../../kernel/trusted-provider.ts";
import { displayValue, displayTime } from "./display-value.ts";

/** A member of a token's header, or a claim, and what it means to the gateway. */
export interface ShownClaim {
  readonly name: string;
  readonly value: string;
  readonly about: string;
}

/** What each member means to the gateway, which ignores all others. */
const meanings: Readonly<Record<string, string>> = {
  alg: "how it is signed",
  kid: "the issuer's key that signed it",
  typ: "what it says that it is",
  iss: "the authorization server that made it; compared exactly",
  aud: "whom it is for; compared exactly",
  sub: "the subject: a person's login, or a machine's client id",
  uid: "Okta's own id of the person; no renaming changes it",
  cid: "the OAuth client that holds it",
  client_id: "must equal cid",
  act: "who acts for the subject; the nearest actor is the agent",
  sub_profile: "whether the subject is a person or a machine",
  scp: "its scopes; nothing here depends on them",
  scope: "its scopes; nothing here depends on them",
  iat: "when it was made",
  nbf: "from when on it is good",
  exp: "until when it is good",
  auth_time: "when the person last proved who they are",
  cnf: "the key that it is bound to (DPoP)",
  jti: "its id",
  ver: "its version",
};

const times: ReadonlySet<string> = new Set(["iat", "nbf", "exp", "auth_time"]);

/** Bounds the listed members: no token of Okta's has more. */
const MAX_LISTED = 60;

/** The members of a header or of claims, each with its meaning. */
export function shownClaims(
  members: Readonly<Record<string, unknown>>,
  provider: TrustedProvider | undefined,
  now: number,
): readonly ShownClaim[] {
  return Object.entries(members)
    .slice(0, MAX_LISTED)
    .map(([name, value]) => ({
      name: displayValue(name),
      value: times.has(name) ? displayTime(value, now) : displayValue(value),
      about:
        name === provider?.groupsClaim
          ? "the groups claim: a person's groups, or those of a service app"
          : ((Object.hasOwn(meanings, name) ? meanings[name] : undefined) ?? "not used"),
    }));
}
