import { setImmediate } from "node:timers/promises";
import type { Core } from "../core.ts";
import { reading } from "../errors.ts";
import type { Actor, Waiting } from "../grants.ts";
import { requireAnyRole, whyNotNow } from "../approvals/people.ts";
import type { AccessRequest } from "../types.ts";

/** The most requests in one inbox, and the most that are scanned for it. */
const MAX_INBOX = 2000;
const MAX_SCANNED = 10_000;

/** How many rows are read in one query: SQLite runs on the main thread, which serves sessions in between. */
const BATCH_SIZE = 200;

async function pendingOf(core: Core): Promise<readonly AccessRequest[]> {
  const found: AccessRequest[] = [];
  while (found.length < MAX_SCANNED) {
    const last = found.at(-1);
    const page = await reading(
      core.store.requests({
        state: "pending",
        soonest: true,
        limit: BATCH_SIZE,
        ...(last === undefined ? {} : { before: last.id }),
      }),
    );
    found.push(...page);
    if (page.length < BATCH_SIZE) break;
    await setImmediate();
  }
  return found;
}

/**
 * The pending requests for a reviewer: first those that they may decide, so that the rest does not crowd them out; then
 * by time-out, earliest first.
 * @throws forbidden unless they are a reviewer
 */
export async function inboxOf(
  core: Core,
  reviewer: Actor,
): Promise<{ readonly waiting: readonly Waiting[]; readonly more: boolean }> {
  requireAnyRole(reviewer, ["reviewer"]);
  const pending = await pendingOf(core);
  const now = core.clock.wall();
  const waiting = pending
    // Timed out, but not stored as such yet.
    .filter((request) => (request.waitsUntil ?? 0) > now)
    .map((request): Waiting => {
      const whyNot = whyNotNow(core.rules, reviewer, request);
      return whyNot === undefined ? { request } : { request, whyNot };
    });
  const mine = waiting.filter(({ whyNot }) => whyNot === undefined).slice(0, MAX_INBOX);
  const others = waiting.filter(({ whyNot }) => whyNot !== undefined).slice(0, MAX_INBOX - mine.length);
  const shown = new Set([...mine, ...others]);
  return {
    waiting: waiting.filter((one) => shown.has(one)),
    more: shown.size < waiting.length || pending.length >= MAX_SCANNED,
  };
}
