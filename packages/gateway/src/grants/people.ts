import { conflict, forbidden } from "./errors.ts";
import type { Actor } from "./grants.ts";
import { requesterKey } from "./states.ts";
import type { AccessRequest, Grant, Requester } from "./types.ts";

/** Whether a person holds a role; an agent never does, whatever its token says. */
export function holds(actor: Actor, role: Actor["roles"][number]): boolean {
  return (
    actor.kind === "person" &&
    actor.person === undefined &&
    actor.actors.length === 0 &&
    actor.roles.includes(role)
  );
}

/** Whether it is the requester's own. */
export function owns(actor: Actor | Requester, thing: { readonly requester: Requester }): boolean {
  return requesterKey(actor) === requesterKey(thing.requester);
}

/** Whether somebody may see a request: their own, operators and auditors all, reviewers what they may have to decide. */
export function maySeeRequest(viewer: Actor, request: AccessRequest): boolean {
  if (owns(viewer, request) || holds(viewer, "operator") || holds(viewer, "auditor")) return true;
  if (!holds(viewer, "reviewer")) return false;
  return (
    request.state === "pending" ||
    (request.approval?.by.some((group) => viewer.groups.includes(group)) ?? false)
  );
}

/** Whether somebody may see a grant. */
export function maySeeGrant(viewer: Actor, grant: Grant): boolean {
  return owns(viewer, grant) || holds(viewer, "operator") || holds(viewer, "auditor");
}

/** @throws forbidden unless the actor is an operator */
export function requireOperator(actor: Actor): void {
  if (!holds(actor, "operator")) {
    throw forbidden(
      "only an operator may do that",
      "sign in as a person whose groups give the role operator",
    );
  }
}

/** @throws forbidden unless the actor may list what is not theirs */
export function requireAny(actor: Actor, roles: readonly Actor["roles"][number][]): void {
  if (!roles.some((role) => holds(actor, role))) {
    throw forbidden(
      `listing everyone's takes the role ${roles.join(" or ")}`,
      "leave `all` out to list your own",
    );
  }
}

/** Logins are compared without case, as Okta treats them, and whatever way Unicode writes the same letters. */
function sameLogin(a: string, b: string): boolean {
  const plain = (login: string): string => login.normalize("NFKC").trim().toLowerCase();
  return plain(a) === plain(b);
}

interface Named {
  readonly issuer: string;
  readonly subject: string;
}

/** The authorization servers of one Okta org are on one host, and a person has one login at all of them. */
function sameOrg(a: string, b: string): boolean {
  return a === b || (URL.canParse(a) && URL.canParse(b) && new URL(a).host === new URL(b).host);
}

/** Whether two names are one person's, as far as reviews go: where it is in doubt they are. */
export function samePerson(a: Named, b: Named): boolean {
  return sameOrg(a.issuer, b.issuer) && sameLogin(a.subject, b.subject);
}

/**
 * Whether a reviewer may decide a request: a person with the role, in one of the groups that the policy names, and
 * not on the requester's side: not the requester, the person behind it, anyone in its `act` chain, or its owner.
 * Requester and person are compared by org and subject. The chain and the owner are bare subjects, so they are
 * compared by subject whatever the issuer, which only ever refuses more.
 * @throws forbidden
 */
export function requireReviewer(reviewer: Actor, request: AccessRequest): void {
  const { requester, approval } = request;
  const refuse = (why: string): never => {
    throw forbidden(`you cannot decide this request: ${why}`, "somebody else in the policy's groups has to");
  };
  if (reviewer.kind !== "person") refuse("only a person reviews");
  if (reviewer.person !== undefined || reviewer.actors.length > 0) refuse("an agent acts for you here");
  if (!reviewer.roles.includes("reviewer")) refuse("you do not have the role reviewer");
  if (samePerson(reviewer, requester)) refuse("it is your own");
  const { person } = requester;
  if (person !== undefined && samePerson(person, reviewer)) refuse("it was made for you");
  if (requester.actors.some((actor) => sameLogin(actor, reviewer.subject))) refuse("you act in it");
  if (requester.owner !== undefined && sameLogin(requester.owner, reviewer.subject))
    refuse("the agent is yours");
  if (approval === undefined)
    throw conflict("not_pending", "this request needs no approval", "nothing to do");
  if (!approval.by.some((group) => reviewer.groups.includes(group))) {
    refuse(`the policy asks for one of ${approval.by.join(", ")}`);
  }
}
