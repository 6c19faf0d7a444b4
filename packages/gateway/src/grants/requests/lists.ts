import { setImmediate } from "node:timers/promises";
import { requesterKey, type RequesterId } from "../../kernel/requester.ts";
import type { Core } from "../core.ts";
import { decidedBy, holds, isEmergency, maySeeRequest, owns, requireAnyRole } from "../approvals/people.ts";
import { reading } from "../errors.ts";
import type { Actor } from "../grants.ts";
import { withoutVerifier } from "../lifecycle/holder.ts";
import { type Page, pageOf } from "../page.ts";
import type { AccessRequest, Emergencies, Grant } from "../types.ts";

/** The most rows that are scanned to fill a page. */
const MAX_SCANNED = 10_000;
/** How many of them are read at a time. */
const SCANNED_AT_ONCE = 500;

/** Which requests are listed. */
export interface RequestFilter extends Page {
  readonly state?: AccessRequest["state"];
  /** Everyone's instead of the viewer's own. */
  readonly all?: boolean;
  /** Of everyone's: this requester's alone. */
  readonly requester?: RequesterId;
  /** Of everyone's: those that the viewer has approved or refused. */
  readonly decided?: boolean;
  /** Of everyone's: those that took access by breaking glass. */
  readonly emergencies?: Emergencies;
}

/** Which grants are listed. */
export interface GrantFilter extends Page {
  readonly state?: Grant["state"];
  readonly all?: boolean;
}

/** A part of a list of requests. */
export interface RequestsPage {
  readonly requests: readonly AccessRequest[];
  /** Where older ones may follow: `before` of the next page. It can come with an empty page, which scanned all it may. */
  readonly next?: string;
}

/** Whether a request is one of these emergencies. Who reviewed their own is for its requester to learn from the log alone. */
function isAmong(emergencies: Emergencies, viewer: Actor, request: AccessRequest): boolean {
  if (!isEmergency(request)) return false;
  if (emergencies === "any") return true;
  const readsLog = holds(viewer, "operator") || holds(viewer, "auditor");
  const isReviewed = (request.reviews ?? []).length > 0;
  return isReviewed === (emergencies === "reviewed") && (readsLog || !owns(viewer, request));
}

/**
 * A page of the requests that a viewer may see, newest first. Behind many that they may not see it is short, and says
 * where to go on.
 * @throws forbidden when everyone's are asked for without a role
 */
export async function listRequests(core: Core, viewer: Actor, filter: RequestFilter): Promise<RequestsPage> {
  const { state, all, requester, decided, emergencies } = filter;
  const page = { ...(state === undefined ? {} : { state }), ...pageOf(filter) };
  if (all !== true) {
    const stored = await reading(core.store.requests({ requester: requesterKey(viewer), ...page }));
    const last = stored.length < page.limit ? undefined : stored.at(-1);
    return pageUpTo(
      stored.filter((request) => owns(viewer, request)),
      last,
    );
  }
  requireAnyRole(viewer, ["reviewer", "operator", "auditor"]);
  const isListed = (request: AccessRequest): boolean =>
    maySeeRequest(core.rules, viewer, request) &&
    (decided !== true || decidedBy(request, viewer)) &&
    (emergencies === undefined || isAmong(emergencies, viewer, request));
  // Hidden requests leave gaps in the page, which older ones fill.
  const found: AccessRequest[] = [];
  let before = {
    ...page,
    limit: SCANNED_AT_ONCE,
    ...(requester === undefined ? {} : { requester: requesterKey(requester) }),
    ...(decided === true ? { decided: true } : {}),
    ...(emergencies === undefined ? {} : { emergencies }),
  };
  let last: AccessRequest | undefined;
  for (let looked = 0; looked < MAX_SCANNED; looked += SCANNED_AT_ONCE) {
    const some = await reading(core.store.requests(before));
    found.push(...some.filter(isListed));
    if (found.length >= page.limit) return pageUpTo(found.slice(0, page.limit), found[page.limit - 1]);
    last = some.at(-1);
    if (last === undefined || some.length < SCANNED_AT_ONCE) return { requests: found };
    before = { ...before, before: last.id };
    // SQLite answers on this very thread, which has sessions to serve between one batch and the next.
    await setImmediate();
  }
  return pageUpTo(found, last);
}

function pageUpTo(requests: readonly AccessRequest[], last: AccessRequest | undefined): RequestsPage {
  return { requests, ...(last === undefined ? {} : { next: last.id }) };
}

/**
 * The viewer's own grants, or everyone's, newest first.
 * @throws forbidden when everyone's are asked for by neither an operator nor an auditor
 */
export async function listGrants(core: Core, viewer: Actor, filter: GrantFilter): Promise<readonly Grant[]> {
  const state = filter.state === undefined ? {} : { state: filter.state };
  if (filter.all === true) requireAnyRole(viewer, ["operator", "auditor"]);
  const whose = filter.all === true ? {} : { requester: requesterKey(viewer) };
  const stored = await reading(core.store.grants({ ...whose, ...state, ...pageOf(filter) }));
  // A grant that ended here a moment ago may not be stored as ended yet.
  return stored
    .filter((grant) => filter.all === true || owns(viewer, grant))
    .map((grant) => withoutVerifier(core.endedHere.get(grant.id)?.grant ?? grant))
    .filter((grant) => filter.state === undefined || grant.state === filter.state);
}
