import { type Holder, type NamedPerson, requesterKey, type RequesterId } from "../../kernel/requester.ts";
import { loginKey } from "../../kernel/logins.ts";
import { forbidden } from "../errors.ts";
import type { Actor, GrantRules } from "../grants.ts";
import type { AccessRequest, Grant, Requester, ReviewerName } from "../types.ts";

/** Whether a person holds a role; an agent never does, whatever its token says. */
export function holds(actor: Actor, role: Actor["roles"][number]): boolean {
  return (
    actor.kind === "person" &&
    actor.person === undefined &&
    actor.actors.length === 0 &&
    actor.roles.includes(role)
  );
}

/** Whether the request is the viewer's own. */
export function owns(actor: Actor | Requester, thing: { readonly requester: Requester }): boolean {
  return sameHolder(actor, thing.requester);
}

/**
 * Whether two are one requester: by kind, issuer, subject and client, and by the provider's id of the person where both
 * have one. A login that was given to somebody else gives them nothing of its former owner's.
 */
export function sameHolder(a: Who, b: Who): boolean {
  if (requesterKey(a) !== requesterKey(b)) return false;
  const [one, other] = [a.uid ?? a.person?.uid, b.uid ?? b.person?.uid];
  return one === undefined || other === undefined || one === other;
}

/** What tells two holders apart. */
type Who = RequesterId & Pick<Holder, "uid" | "person">;

/** What of the rules says who reviews. */
type ReviewRules = Pick<GrantRules, "current" | "policies">;

/** Whether a request took access by breaking glass. */
export function isEmergency({ breakGlass, grant }: AccessRequest): boolean {
  return breakGlass === true && grant !== undefined;
}

/**
 * Whether somebody may see a request: their own, operators and auditors all, reviewers what they may have to decide, and
 * the emergencies that they may review.
 */
export function maySeeRequest(rules: ReviewRules, viewer: Actor, request: AccessRequest): boolean {
  if (owns(viewer, request) || holds(viewer, "operator") || holds(viewer, "auditor")) return true;
  if (!holds(viewer, "reviewer")) return false;
  return (
    request.state === "pending" ||
    [...(request.approval?.by ?? []), ...(request.approval?.escalate?.to ?? [])].some((group) =>
      viewer.groups.includes(group),
    ) ||
    (isEmergency(request) && whyNotReviewAfterwards(rules, viewer, request) === undefined)
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
export function requireAnyRole(actor: Actor, roles: readonly Actor["roles"][number][]): void {
  if (!roles.some((role) => holds(actor, role))) {
    throw forbidden(
      `listing everyone's takes the role ${roles.join(" or ")}`,
      "leave `all` out to list your own",
    );
  }
}

/** A match only ever refuses here. */
function sameLogin(a: string, b: string): boolean {
  return loginKey(a) === loginKey(b);
}

/** Whether a text that names somebody, a login or a provider's id, names this person. */
function names(text: string, { subject, uid }: NamedPerson): boolean {
  return sameLogin(text, subject) || (uid !== undefined && sameLogin(text, uid));
}

/**
 * Whether two names belong to one person, for reviews: by login, or by the provider's own id, whatever the issuer. One
 * person comes from several issuers (an authorization server, the org itself, SAML); a login can be renamed and differ
 * between apps, and one issuer's login is another's id (SAML's NameID is usually Okta's login). Taking two people for
 * one only ever refuses more.
 */
export function samePerson(a: NamedPerson, b: NamedPerson): boolean {
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

/** A person as they are kept with what they decided. */
export function namedPerson({ issuer, subject, uid, name, displayName }: Actor): ReviewerName {
  return {
    issuer,
    subject,
    ...(uid === undefined ? {} : { uid }),
    name,
    ...(displayName === undefined ? {} : { displayName }),
  };
}

/** Why somebody is no person who acts for themselves; undefined when they are. */
function whyNoPerson(reviewer: Actor): string | undefined {
  if (reviewer.kind !== "person") return "only a person reviews";
  return reviewer.person !== undefined || reviewer.actors.length > 0
    ? "an agent acts for you here"
    : undefined;
}

/**
 * Why a person is on the requester's side: the requester, the person behind it, anyone in its `act` chain, or its owner;
 * undefined when they are not.
 */
function whyOnItsSide(reviewer: Actor, requester: Requester): string | undefined {
  if (samePerson(reviewer, requester)) return "it is your own";
  const { person } = requester;
  if (person !== undefined && samePerson(person, reviewer)) return "it was made for you";
  if (requester.actors.some((actor) => names(actor, reviewer))) return "you act in it";
  const owners = [...(requester.owner === undefined ? [] : [requester.owner]), ...(requester.owners ?? [])];
  return owners.some((owner) => names(owner, reviewer)) ? "the agent is yours" : undefined;
}

/**
 * Why a person may not decide a request; undefined when they may. A reviewer needs the role and one of the policy's
 * groups, and must not be on the requester's side: not the requester, the person behind it, anyone in its `act` chain,
 * or its owner. All of them are compared by login or provider's id, whatever the issuer, which only ever refuses more.
 */
export function whyNotReview(reviewer: Actor, request: AccessRequest): string | undefined {
  const nobody = whyNoPerson(reviewer);
  if (nobody !== undefined) return nobody;
  if (!reviewer.roles.includes("reviewer")) return "you do not have the role reviewer";
  const side = whyOnItsSide(reviewer, request.requester);
  if (side !== undefined) return side;
  if (request.approval === undefined) return "it needs no approval";
  const groups = reviewersOf(request);
  if (groups.some((group) => reviewer.groups.includes(group))) return undefined;
  return `the policy asks for one of ${groups.join(", ")}`;
}

/**
 * As `whyNotReview`, for the requester as stored with the request and as currently known: a new owner of the agent is
 * on its side too.
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

/**
 * Whether somebody is a reviewer in a group whose approval an ordinary request for the same would need, as policy is now.
 * Without the role operator nobody else reviews an emergency; who is on its requester's side is not looked at here.
 */
export function reviewsEmergenciesOf(
  rules: Pick<GrantRules, "policies">,
  viewer: Actor,
  { connection, operations }: Pick<AccessRequest, "connection" | "operations">,
): boolean {
  return (
    holds(viewer, "reviewer") &&
    rules.policies.approvers(connection, operations).some((group) => viewer.groups.includes(group))
  );
}

/**
 * Why a person may not review an emergency afterwards; undefined when they may: an operator, or a reviewer in a group whose
 * approval the same would have needed without breaking glass, as policy is now. Nobody on the requester's side, as it was
 * asked and as it is known now.
 */
export function whyNotReviewAfterwards(
  rules: ReviewRules,
  reviewer: Actor,
  request: Pick<AccessRequest, "requester" | "connection" | "operations">,
): string | undefined {
  const { requester, connection, operations } = request;
  const nobody = whyNoPerson(reviewer);
  if (nobody !== undefined) return nobody;
  const now = rules.current?.(requester);
  const side =
    whyOnItsSide(reviewer, requester) ?? (now === undefined ? undefined : whyOnItsSide(reviewer, now));
  if (side !== undefined) return side;
  if (holds(reviewer, "operator")) return undefined;
  if (!holds(reviewer, "reviewer")) return "you have neither the role operator nor reviewer";
  if (reviewsEmergenciesOf(rules, reviewer, request)) return undefined;
  const groups = rules.policies.approvers(connection, operations);
  return groups.length === 0
    ? "no group approves this; an operator reviews it"
    : `an operator reviews it, or one of ${groups.join(", ")}`;
}

/** Whether a person has reviewed an emergency. */
export function reviewedBy(request: AccessRequest, reviewer: Actor): boolean {
  return request.reviews?.some((one) => samePerson(one.reviewer, reviewer)) === true;
}

/** Whether a person has approved or refused a request. */
export function decidedBy(request: AccessRequest, reviewer: Actor): boolean {
  return request.approvals.some((one) => samePerson(one.reviewer, reviewer));
}

/** As `whyNotDecide`, for a viewer of the request, also when they have decided it before. */
export function whyNotNow(
  rules: Pick<GrantRules, "current">,
  viewer: Actor,
  request: AccessRequest,
): string | undefined {
  const why = whyNotDecide(rules, viewer, request);
  if (why !== undefined || !decidedBy(request, viewer)) return why;
  // All approvals are there but the grant is not, because log or store failed: an approver may retry.
  const yeses = request.approvals.filter(({ decision }) => decision === "approve").length;
  return yeses >= (request.approval?.count ?? 1) ? undefined : "you have decided it; others have to as well";
}
