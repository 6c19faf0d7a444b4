import { partOf } from "../lifecycle/activate.ts";
import { close } from "../requests/close.ts";
import type { Core } from "../core.ts";
import { end, type Ending } from "../lifecycle/end.ts";
import { sameAsked, stillAllowed } from "./re-evaluate.ts";
import { MAX_STORED_ROWS } from "../row-limit.ts";
import type { GrantRules } from "../grants.ts";
import type { Requester } from "../types.ts";

/** The grants and requests that the rules no longer allow, by id. */
export interface Rejudged {
  /** Grants that ended. */
  readonly ended: readonly string[];
  /** Pending requests that were closed. */
  readonly voided: readonly string[];
}

/** How the ends are recorded. */
export interface Rejudging {
  readonly event: Ending["event"];
  /** Which part of Mayfly ends the grants. */
  readonly by: string;
  /** Why a grant ended, for people to read. */
  readonly ended: string;
  /** Why a request was closed, for people to read. */
  readonly voided: string;
  /** A dry run: reports without ending anything. */
  readonly isDryRun?: boolean;
  /** Of a dry run: a requester as they would be known then; left out: as they are known now. */
  readonly foreseen?: (requester: Requester) => Requester;
}

/** The rules, for requesters as they would be known. */
function foreseeing(rules: GrantRules, foreseen: Rejudging["foreseen"]): GrantRules {
  if (foreseen === undefined) return rules;
  const now = rules.current ?? ((requester) => requester);
  return {
    ...rules,
    current(requester) {
      const known = now(requester);
      return known === undefined ? undefined : foreseen(known);
    },
  };
}

/**
 * Re-evaluates the grants and pending requests of some requesters, by the rules in force and the current facts: ends
 * the live grants that would not be given any more, and closes the pending requests that a reviewer would now see
 * differently. All the grants are out of memory before the first end is awaited. Never rejects.
 */
export async function rejudge(
  core: Core,
  matches: (requester: Requester) => boolean,
  telling: Rejudging,
): Promise<Rejudged> {
  const rules = foreseeing(core.rules, telling.isDryRun === true ? telling.foreseen : undefined);
  const over = core.live
    .all()
    .filter(({ grant, request }) => matches(grant.requester) && !stillAllowed(rules, request, partOf(grant)));
  const ended = over.map(({ grant }) => grant.id);
  if (telling.isDryRun !== true) {
    const ending = { event: telling.event, by: telling.by, reason: telling.ended };
    await Promise.allSettled(over.map(({ grant }) => end(core, grant, ending)));
  }
  // What the store cannot tell now is judged again before any approval.
  const pending = await core.store.requests({ state: "pending", limit: MAX_STORED_ROWS }).catch(() => []);
  const changed = pending.filter((request) => matches(request.requester) && !sameAsked(rules, request));
  if (telling.isDryRun === true) return { ended, voided: changed.map(({ id }) => id) };
  const closings = await Promise.allSettled(
    changed.map((request) =>
      core.mutex(`request ${request.id}`, () =>
        close(core, request, { event: "void", reason: telling.voided }),
      ),
    ),
  );
  const isClosed = (at: number): boolean => {
    const closing = closings[at];
    return closing?.status === "fulfilled" && closing.value;
  };
  return { ended, voided: changed.filter((_, at) => isClosed(at)).map(({ id }) => id) };
}
