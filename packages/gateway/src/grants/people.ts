import { loginKey } from "../kernel/logins.ts";
import { forbidden } from "./errors.ts";
import type { Actor, GrantRules } from "./grants.ts";
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
    [...(request.approval?.by ?? []), ...(request.approval?.escalate?.to ?? [])].some((group) =>
      viewer.groups.includes(group),
    )
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

/** Sameness only ever refuses here. */
function sameLogin(a: string, b: string): boolean {
  return loginKey(a) === loginKey(b);
}

interface Named {
  readonly issuer: string;
  readonly subject: string;
  readonly uid?: string;
}

/** Whether a text that names somebody, a login or a provider's id, names this person. */
function names(text: string, { subject, uid }: Named): boolean {
  return sameLogin(text, subject) || (uid !== undefined && sameLogin(text, uid));
}

/**
 * Whether two names are one person's, as far as reviews go: by login, or by the provider's own id, whatever the issuer.
 * One person comes from several issuers (an authorization server, the org itself, SAML), a login can be renamed and is
 * another in another app, and what one of them calls the login is the id of another (SAML's NameID is Okta's login as
 * a rule). Taking two people for one only ever refuses more.
 */
export function samePerson(a: Named, b: Named): boolean {
  return names(a.subject, b) || (a.uid !== undefined && names(a.uid, b));
}

/** The groups whose members may decide a request now. */
export function reviewersOf(request: AccessRequest): readonly string[] {
  const { approval, escalatedAt } = request;
  if (approval === undefined) return [];
  return escalatedAt === undefined || approval.escalate === undefined
    ? approval.by
    : [...new Set([...approval.by, ...approval.escalate.to])];
}

/**
 * Why somebody may not decide a request, or undefined when they may: a person with the role, in one of the groups that
 * the policy names, and not on the requester's side: not the requester, the person behind it, anyone in its `act`
 * chain, or its owner. All of them are compared by login, whatever the issuer, which only ever refuses more.
 */
export function whyNotReview(reviewer: Actor, request: AccessRequest): string | undefined {
  const { requester } = request;
  if (reviewer.kind !== "person") return "only a person reviews";
  if (reviewer.person !== undefined || reviewer.actors.length > 0) return "an agent acts for you here";
  if (!reviewer.roles.includes("reviewer")) return "you do not have the role reviewer";
  if (samePerson(reviewer, requester)) return "it is your own";
  const { person } = requester;
  if (person !== undefined && samePerson(person, reviewer)) return "it was made for you";
  if (requester.actors.some((actor) => names(actor, reviewer))) return "you act in it";
  if (requester.owner !== undefined && names(requester.owner, reviewer)) return "the agent is yours";
  if (request.approval === undefined) return "it needs no approval";
  const groups = reviewersOf(request);
  if (groups.some((group) => reviewer.groups.includes(group))) return undefined;
  return `the policy asks for one of ${groups.join(", ")}`;
}

/**
 * As `whyNotReview`, for the requester as recorded with the request and as the configuration knows them now: whoever
 * has become the agent's owner since is on its side too.
 */
export function whyNotDecide(
  rules: Pick<GrantRules, "current">,
  reviewer: Actor,
  request: AccessRequest,
): string | undefined {
  const asAsked = whyNotReview(reviewer, request);
  if (asAsked !== undefined) return asAsked;
  const requester = rules.current?.(request.requester);
  return requester === undefined ? undefined : whyNotReview(reviewer, { ...request, requester });
}

/** Whether somebody has said yes or no to a request. */
export function decidedBy(request: AccessRequest, reviewer: Actor): boolean {
  return request.approvals.some((one) => samePerson(one.reviewer, reviewer));
}

/** As `whyNotDecide`, for somebody who looks at a request: also when they have decided it before. */
export function whyNotNow(
  rules: Pick<GrantRules, "current">,
  viewer: Actor,
  request: AccessRequest,
): string | undefined {
  const why = whyNotDecide(rules, viewer, request);
  if (why !== undefined || !decidedBy(request, viewer)) return why;
  // All yeses are there and the grant is not: log or store failed, and whoever approved may try again.
  const yeses = request.approvals.filter(({ decision }) => decision === "approve").length;
  return yeses >= (request.approval?.count ?? 1) ? undefined : "you have decided it; others have to as well";
}
