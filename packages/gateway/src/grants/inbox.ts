import { setImmediate } from "node:timers/promises";
import type { Core } from "./core.ts";
import { reading } from "./errors.ts";
import type { Actor, Waiting } from "./grants.ts";
import { requireAny, whyNotNow } from "./people.ts";
import type { AccessRequest } from "./types.ts";

/** The most that one inbox shows, and that is looked through for it. */
const most = 2000;
const lookedThrough = 10_000;

/** How much is read in one go: SQLite answers on our own thread, which has sessions to serve in between. */
const inOneGo = 200;

async function pendingOf(core: Core): Promise<readonly AccessRequest[]> {
  const found: AccessRequest[] = [];
  while (found.length < lookedThrough) {
    const last = found.at(-1);
    const page = await reading(
      core.store.requests({
        state: "pending",
        soonest: true,
        limit: inOneGo,
        ...(last === undefined ? {} : { before: last.id }),
      }),
    );
    found.push(...page);
    if (page.length < inOneGo) break;
    await setImmediate();
  }
  return found;
}

/**
 * What waits for people: first of all what this reviewer may decide, so that much of what others decide does not
 * crowd it out; what times out first comes first.
 * @throws forbidden unless they are a reviewer
 */
export async function inboxOf(
  core: Core,
  reviewer: Actor,
): Promise<{ readonly waiting: readonly Waiting[]; readonly more: boolean }> {
  requireAny(reviewer, ["reviewer"]);
  const pending = await pendingOf(core);
  const now = core.clock.wall();
  const waiting = pending
    // One that has run out and is only not stored as such yet.
    .filter((request) => (request.waitsUntil ?? 0) > now)
    .map((request): Waiting => {
      const whyNot = whyNotNow(core.rules, reviewer, request);
      return whyNot === undefined ? { request } : { request, whyNot };
    });
  const mine = waiting.filter(({ whyNot }) => whyNot === undefined).slice(0, most);
  const others = waiting.filter(({ whyNot }) => whyNot !== undefined).slice(0, most - mine.length);
  const shown = new Set([...mine, ...others]);
  return {
    waiting: waiting.filter((one) => shown.has(one)),
    more: shown.size < waiting.length || pending.length >= lookedThrough,
  };
}
