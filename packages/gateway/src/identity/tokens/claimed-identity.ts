import { isClaimName } from "../checks/names.ts";
import { IdentityError } from "../error.ts";

/** Who verified claims speak of, before anything is looked up about them. */
export interface ClaimedIdentity {
  /** The OAuth client that holds the token: a service app, a registered agent, or a person's own client. */
  readonly client: string;
  /** The token's `sub`: the person's login, or the machine that the chain of actors began with. */
  readonly subject: string;
  /** Okta's id of the person behind the token; absent where the token names none. */
  readonly uid?: string;
  /** Whether a person stands behind the token. */
  readonly hasPerson: boolean;
  /** The `act` chain's subjects, nearest actor first (RFC 8693, section 4.1). */
  readonly actors: readonly string[];
  /** Whether somebody acts for the subject (`act`). */
  readonly isDelegated: boolean;
  /** Whether the token says of its own subject that it is no person's own sign-in. */
  readonly isOwnSignIn: boolean;
}

type Claims = Readonly<Record<string, unknown>>;

/** More actors than this in a row is no delegation that anybody set up; Okta's own bound is 5. */
const MAX_ACTORS = 8;

/** Words of `sub_profile` that say who a subject is. */
const personProfile = "user";
const machineProfiles: ReadonlySet<string> = new Set(["service", "ai_agent"]);
const profileForm = /^[a-z][a-z0-9_]{0,63}(?: [a-z][a-z0-9_]{0,63}){0,15}$/;

function rejectClaims(why: string, hint: string): never {
  throw new IdentityError("token_claims", why, hint);
}

/** What Okta's own servers write into a token; whoever made claims of these names wrote others. */
const OKTA_CLAIMS_HINT =
  "sub, cid, uid, act and sub_profile must stand as Okta makes them: look for claims of these names of your own (Security > API > Authorization Servers > the server > Claims, and token inline hooks)";
const asRegistered =
  "Directory > AI agents > the agent: User access for a person behind it, Machine access for the app or agent that calls it; the token must say which (uid, sub_profile)";

/** The words of a `sub_profile`: a list separated by spaces; none where the claim is absent. */
function profilesOf(holder: Claims, whose: string): ReadonlySet<string> {
  if (!Object.hasOwn(holder, "sub_profile")) return new Set();
  const { sub_profile: written } = holder;
  if (typeof written !== "string" || !profileForm.test(written))
    rejectClaims(`the sub_profile of ${whose} is not a list of words`, OKTA_CLAIMS_HINT);
  return new Set(written.split(" "));
}

/** The chain of actors, nearest first, each with a subject and a readable profile. */
function actorsOf(act: unknown): readonly string[] {
  const actors: string[] = [];
  for (let next = act; next !== undefined;) {
    if (typeof next !== "object" || next === null || Array.isArray(next) || actors.length >= MAX_ACTORS)
      rejectClaims("the access token's chain of actors (act) is not usable", OKTA_CLAIMS_HINT);
    const actor = next as Claims;
    if (!isClaimName(actor["sub"]))
      rejectClaims("an actor of the access token (act) has no sub", OKTA_CLAIMS_HINT);
    profilesOf(actor, "an actor (act)");
    actors.push(actor["sub"]);
    next = Object.hasOwn(actor, "act") ? actor["act"] : undefined;
  }
  return actors;
}

/**
 * Whom a token speaks of. Okta's forms: a service app by itself, a person through an OIDC client, an app on behalf of a
 * person, and registered AI agents (`act`), for a person or for a machine. What contradicts itself is refused.
 * - The client is `cid`, or the nearest actor where a token has none (agents that act for machines); both must agree.
 * - A person is behind it where there is a `uid`, or the subject's profile says `user`; a machine where the profile says
 *   `service` or `ai_agent`, or the innermost actor is the subject itself. With `act`, exactly one of them must hold.
 * @throws IdentityError token_claims
 */
export function readClaimedIdentity(claims: Claims): ClaimedIdentity {
  const subject = String(claims["sub"]);
  const isDelegated = Object.hasOwn(claims, "act");
  const actors = isDelegated ? actorsOf(claims["act"] ?? null) : [];
  const client = Object.hasOwn(claims, "cid") ? String(claims["cid"]) : (actors[0] ?? "");
  const uid = Object.hasOwn(claims, "uid") ? String(claims["uid"]) : undefined;
  const profiles = profilesOf(claims, "the subject");
  if (client === "")
    rejectClaims(
      "the access token names no client: it has neither cid nor act",
      "send the access token of a custom authorization server, not an ID token",
    );
  if (isDelegated && actors[0] !== client)
    rejectClaims(
      "the access token's client (cid) is not its nearest actor (act.sub)",
      "ask the authorization server for a token of the agent that presents it",
    );
  const saysPerson = uid !== undefined || profiles.has(personProfile);
  const saysMachine =
    [...profiles].some((word) => machineProfiles.has(word)) || (isDelegated && actors.at(-1) === subject);
  if (saysPerson && saysMachine)
    rejectClaims("the access token says that its subject is a person and a machine", OKTA_CLAIMS_HINT);
  if (isDelegated && !saysPerson && !saysMachine)
    rejectClaims(
      "the access token does not say whether a person or a machine stands behind its actors",
      asRegistered,
    );
  if (saysPerson && subject === client)
    rejectClaims(
      "the access token says that its client is a person",
      "leave the claim sub of the authorization server as Okta made it",
    );
  if (!isDelegated && uid === undefined && subject !== client)
    rejectClaims(
      "the access token's subject is neither its client nor a person",
      "leave the claim sub of the authorization server as Okta made it, and add no claim that hides uid",
    );
  return Object.freeze({
    client,
    subject,
    ...(uid === undefined ? {} : { uid }),
    hasPerson: saysPerson,
    actors,
    isDelegated,
    isOwnSignIn: saysPerson && !isDelegated,
  });
}
