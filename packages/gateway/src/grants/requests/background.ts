import { requesterKey, type RequesterId } from "../../kernel/requester.ts";
import {
  holds,
  isEmergency,
  maySeeGrant,
  maySeeRequest,
  requireAnyRole,
  whyNotNow,
} from "../approvals/people.ts";
import type { Core } from "../core.ts";
import { countsOf, pastGrants } from "../durability/grant-history.ts";
import { notFound, reading } from "../errors.ts";
import type { Actor, Offer } from "../grants.ts";
import { withoutVerifier } from "../lifecycle/holder.ts";
import type { RequestState } from "../states.ts";
import type { AccessRequest, Grant, PastGrant, Requester } from "../types.ts";
import { offersOf } from "./plan.ts";

/** How many of a requester's requests and grants are looked at, newest first. */
const MAX_LOOKED_AT = 500;

/** What a requester has asked for before a request. */
export interface Background {
  readonly request: AccessRequest;
  /** Operations of the request that none of the earlier ones asked for. */
  readonly firstTime: readonly string[];
  /** Earlier requests for any of its operations, by what became of them. */
  readonly earlier: Readonly<Partial<Record<RequestState, number>>>;
  /** How many earlier requests were looked at, and whether there are more. */
  readonly lookedAt: number;
  readonly more: boolean;
  /**
   * The requester's last grants under which the viewer may read what was tried in vain: operators and auditors all of
   * them; who may decide the request now those on its own connection, since what was done on others is not theirs to
   * judge. Undefined for other reviewers: a statement's text is no business of theirs.
   */
  readonly readableGrants: readonly string[] | undefined;
  /** Of an emergency: the grant that was taken, as it stands now. How much was done, and none of it. */
  readonly taken?: PastGrant;
}

function readableGrants(core: Core, viewer: Actor, request: AccessRequest): readonly string[] | undefined {
  const { history } = request.sheet;
  const readsLog = holds(viewer, "operator") || holds(viewer, "auditor");
  if (readsLog) return history.map(({ grant }) => grant);
  if (request.state !== "pending" || whyNotNow(core.rules, viewer, request) !== undefined) return undefined;
  return history.filter(({ connection }) => connection === request.connection).map(({ grant }) => grant);
}

async function takenOf(core: Core, request: AccessRequest): Promise<PastGrant | undefined> {
  if (!isEmergency(request) || request.grant === undefined) return undefined;
  const grant = await reading(core.store.grant(request.grant));
  return grant === undefined ? undefined : (await pastGrants(core, [grant]))[0];
}

function statesOf(requests: readonly AccessRequest[]): Partial<Record<RequestState, number>> {
  const counts: Partial<Record<RequestState, number>> = {};
  for (const { state } of requests) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/**
 * What the requester of a request asked for before it; for reviewers, operators and auditors.
 * @throws not_found for whoever may not see the request
 */
export async function backgroundOf(core: Core, viewer: Actor, id: string): Promise<Background> {
  requireAnyRole(viewer, ["reviewer", "operator", "auditor"]);
  const request = await reading(core.store.request(id));
  if (request === undefined || !maySeeRequest(core.rules, viewer, request)) throw notFound("request", id);
  const before = await reading(
    core.store.requests({
      requester: requesterKey(request.requester),
      before: id,
      limit: MAX_LOOKED_AT + 1,
    }),
  );
  const taken = await takenOf(core, request);
  const looked = before.slice(0, MAX_LOOKED_AT);
  const onIt = looked.filter(({ connection }) => connection === request.connection);
  const asked = new Set(onIt.flatMap(({ operations }) => operations));
  const same = onIt.filter(({ operations }) => operations.some((name) => request.operations.includes(name)));
  return {
    request,
    firstTime: request.operations.filter((name) => !asked.has(name)),
    earlier: statesOf(same),
    lookedAt: looked.length,
    more: before.length > MAX_LOOKED_AT,
    readableGrants: readableGrants(core, viewer, request),
    ...(taken === undefined ? {} : { taken }),
  };
}

/** One agent or person that asks for access, with what it did and what it could. */
export interface Dossier {
  /** As known now. */
  readonly requester: Requester;
  /** Its newest requests that the viewer may see. */
  readonly requests: readonly AccessRequest[];
  /** All that were looked at, by what became of them. */
  readonly states: Readonly<Partial<Record<RequestState, number>>>;
  /** Its newest grants that the viewer may see. */
  readonly grants: readonly Grant[];
  /** How many grants were looked at. */
  readonly granted: number;
  /** What was done with those grants; undefined where the index could not say in time. */
  readonly use: { readonly acts: number; readonly denied: number } | undefined;
  /** What it may request now, with how often and when last it was granted. */
  readonly offers: readonly (Offer & { readonly granted: number; readonly lastGrantedAt?: number })[];
}

/**
 * Everything about one requester; for reviewers, operators and auditors.
 * @throws not_found when it has never asked for anything
 */
export async function dossierOf(
  core: Core,
  viewer: Actor,
  who: RequesterId,
  clientAddress: string,
): Promise<Dossier> {
  requireAnyRole(viewer, ["reviewer", "operator", "auditor"]);
  const key = { requester: requesterKey(who), limit: MAX_LOOKED_AT };
  const [requests, stored] = await Promise.all([
    reading(core.store.requests(key)),
    reading(core.store.grants(key)),
  ]);
  const [newest] = requests;
  if (newest === undefined) throw notFound(who.kind, who.subject);
  const requester = core.rules.current?.(newest.requester) ?? newest.requester;
  const grants = stored.map((grant) => withoutVerifier(core.endedHere.get(grant.id)?.grant ?? grant));
  const counts = await countsOf(core, grants);
  const uses = [...(counts?.values() ?? [])];
  return {
    requester,
    requests: requests.filter((request) => maySeeRequest(core.rules, viewer, request)),
    states: statesOf(requests),
    grants: grants.filter((grant) => maySeeGrant(viewer, grant)),
    granted: grants.length,
    use:
      counts === undefined && grants.length > 0
        ? undefined
        : {
            acts: uses.reduce((sum, { acts }) => sum + acts, 0),
            denied: uses.reduce((sum, { denied }) => sum + denied, 0),
          },
    offers: offersOf(core.rules, requester, clientAddress, core.clock.wall()).map((offer) => {
      const held = grants.filter(
        ({ connection, operations }) =>
          connection === offer.connection && operations.includes(offer.operation),
      );
      const last = held[0]?.activatedAt;
      return { ...offer, granted: held.length, ...(last === undefined ? {} : { lastGrantedAt: last }) };
    }),
  };
}
