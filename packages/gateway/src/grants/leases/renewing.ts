import { remaining } from "../../kernel/clock.ts";
import { tokenBuckets, type Buckets } from "../../kernel/buckets.ts";
import type { Clock } from "../../kernel/clock.ts";
import { MayflyError } from "../../kernel/errors.ts";
import type { Core } from "../core.ts";
import { conflict, notFound } from "../errors.ts";
import type { Actor } from "../grants.ts";
import { liveEntry } from "../lifecycle/holder.ts";
import { owns } from "../approvals/people.ts";
import { recordLimited } from "../approvals/refusal-limiter.ts";
import { recordPrincipal } from "../../audit/record-principal.ts";
import { grantRecord } from "../durability/records.ts";
import type { Grant } from "../types.ts";

/** How often one grant's lease may be renewed a second, and at once: a task does so three times a period. */
const RENEWALS = { perSecond: 5, burst: 20 } as const;
/** Grants whose renewals are counted; the one unseen longest is forgotten first. */
const MAX_COUNTED = 100_000;

/** Bounds renewals, by grant. */
export function renewalBounds(clock: Clock): Buckets {
  return tokenBuckets(clock, RENEWALS.perSecond, RENEWALS.burst, MAX_COUNTED);
}

/**
 * Renews the lease of a live grant, for its holder alone. Writes nothing, neither to the log nor to the store.
 * @param read the grant as it was read a moment ago, for one that is not live here
 * @returns milliseconds until the lease is lost unless it is renewed again; never past the grant's deadline
 * @throws not_found for somebody else's as for an unknown one; grant_ended, with how it ended; no_lease; too_many_requests
 */
export function renewLease(core: Core, actor: Actor, id: string, read: Grant | undefined): number {
  const entry = liveEntry(core, id);
  const grant = entry?.grant ?? core.endedHere.get(id)?.grant ?? read;
  if (grant === undefined) throw notFound("grant", id);
  if (!owns(actor, grant)) {
    recordStranger(core, actor, grant);
    throw notFound("grant", id);
  }
  if (grant.lease === undefined) {
    throw conflict(
      "no_lease",
      `grant ${id} has no lease`,
      "it lives until its deadline; ask with `lease` for one",
    );
  }
  if (grant.state !== "active") {
    throw conflict(
      "grant_ended",
      `grant ${id} has ended: ${grant.endReason ?? grant.state}`,
      "request again",
    );
  }
  if (core.renewalBounds.consume(id) > 0) {
    throw new MayflyError("too_many_requests", `the lease of grant ${id} is renewed too often`, {
      status: 429,
      hint: "renew it three times in its period",
    });
  }
  const left = core.leases.renew(id);
  if (entry === undefined || left === undefined) {
    // Active in the store, and not taken up here yet: another gateway made it a moment ago.
    throw new MayflyError("not_here_yet", `grant ${id} is not known to this gateway yet`, {
      status: 503,
      hint: "try again in a second",
    });
  }
  return Math.max(0, Math.min(left, remaining(core.clock, entry.deadline)));
}

/** Somebody tried to renew another's lease: recorded, as often as is bearable, under who tried. */
function recordStranger(core: Core, actor: Actor, grant: Grant): void {
  recordLimited(core, actor, (leftOut) => {
    const detail = { why: "the grant is somebody else's", holder: grant.requester.subject, ...leftOut };
    const record = grantRecord("lease.refused_to", grant, core.rules.configuration, detail);
    return { ...record, principal: recordPrincipal(actor) };
  });
}
