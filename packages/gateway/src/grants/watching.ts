import { deadlineAt } from "../kernel/clock.ts";
import { formatDuration } from "../kernel/durations.ts";
import { bringUp, partOf } from "./activation.ts";
import type { Core } from "./core.ts";
import { end, endedElsewhere, endSoon, forgetEnded } from "./endings.ts";
import type { GrantRules } from "./grants.ts";
import { waitForPeopleAgain } from "./escalating.ts";
import { everything } from "./limits.ts";
import { readLockdown, sweep } from "./lockdown.ts";
import { sameAsked, stillAllowed } from "./judged-again.ts";
import { close, timedOut } from "./closing.ts";
import { agree } from "./durability/agree.ts";
import { createKeeping } from "./durability/progress.ts";
import type { Trail } from "./durability/trail.ts";

/** How a gateway keeps up with others on the same store. */
export interface Polling {
  /** Milliseconds between looks. */
  readonly every: number;
  /** Milliseconds without a look after which nothing new is served. */
  readonly bound: number;
}

/** How often a gateway that does not poll forgets ended grants, milliseconds. */
const forgetEvery = 60_000;

/** Reads grants from the store and keeps up with it. */
export interface Watching {
  start(): Promise<void>;
  stop(): void;
  /** Says for the last time how things stand; after the last write. */
  stopKeeping(): Promise<void>;
  /** Why what has ended may not outlast this process. */
  readonly atRisk: string | undefined;
  readonly unavailable: string | undefined;
}

/** Takes up the store's active grants, and lets go of those that ended elsewhere. */
async function readGrants(core: Core, first: boolean): Promise<void> {
  const before = core.live.all();
  const stored = await core.store.grants({ state: "active", limit: everything });
  const active = new Set(stored.map((grant) => grant.id));
  for (const { grant } of before) {
    if (active.has(grant.id) || core.live.get(grant.id) === undefined) continue;
    const now = await core.store.grant(grant.id);
    if (now === undefined) {
      endSoon(core, grant, { event: "undo", by: "mayfly", reason: "the store no longer knows the grant" });
    } else endedElsewhere(core, now);
  }
  for (const grant of stored) {
    if (core.live.get(grant.id) !== undefined || core.endedHere.has(grant.id)) continue;
    const request = await core.store.request(grant.request);
    // A gateway whose configuration is older or newer leaves the grant to the others; at a start it ends it.
    if (request === undefined || (!first && !stillAllowed(core.rules, request, partOf(grant)))) continue;
    bringUp(core, grant, request, deadlineAt(core.clock, grant.endsAt, partOf(grant).ttl));
  }
}

/** Learns which requests are pending, and until when. */
async function readPending(core: Core, waiters: () => Iterable<string>): Promise<void> {
  const known = core.live.waiting();
  const awaited = [...waiters()];
  const stored = await core.store.requests({ state: "pending", limit: everything });
  const pending = new Set(stored.map((request) => request.id));
  for (const request of stored) {
    if (core.live.deadlineOf(request.id) !== undefined) continue;
    waitForPeopleAgain(core, request);
  }
  for (const id of known) if (!pending.has(id)) core.live.forget(id);
  for (const id of awaited) if (!pending.has(id)) core.changed(id);
}

/** A pending request's time is over. */
export function timeOutSoon(core: Core, id: string): void {
  core.outbox
    .add(() =>
      core.mutex(`request ${id}`, async () => {
        const request = await core.store.request(id);
        if (request?.state === "pending") await close(core, request, timedOut);
        else core.live.forget(id);
      }),
    )
    .catch(() => undefined);
}

/**
 * Makes the watch.
 * @param polling undefined where this process is the store's only one
 * @param waiters ids of requests that somebody waits for
 * @param trail this gateway's log read back; undefined where it cannot be
 */
export function createWatching(
  core: Core,
  polling: Polling | undefined,
  waiters: () => Iterable<string>,
  trail: Trail | undefined,
): Watching {
  let state: "new" | "running" | "stopped" = "new";
  let readAt = 0;
  let cancel: (() => void) | undefined;

  const keeping = createKeeping(core, trail);

  const read = async (first: boolean): Promise<void> => {
    const at = core.clock.monotonic();
    await readLockdown(core);
    await readGrants(core, first);
    await readPending(core, waiters);
    forgetEnded(core);
    readAt = at;
  };
  const arm = (every: number): void => {
    if (state !== "running") return;
    cancel = core.clock.schedule(every, () => {
      void read(false)
        .catch(() => undefined)
        .then(() => arm(every));
    });
  };
  const armForgetting = (): void => {
    if (state !== "running") return;
    cancel = core.clock.schedule(forgetEvery, () => {
      forgetEnded(core);
      armForgetting();
    });
  };
  return {
    async start() {
      const agreed = trail === undefined ? 0 : await agree(core, trail, polling === undefined);
      await read(true);
      // What a lock-down had yet to end or refuse when the run before ended.
      if (core.locked !== undefined) core.outbox.add(() => sweep(core)).catch(() => undefined);
      state = "running";
      keeping.start(agreed);
      if (polling !== undefined) arm(polling.every);
      else armForgetting();
    },
    stop() {
      state = "stopped";
      cancel?.();
    },
    stopKeeping: () => keeping.stop(),
    get atRisk() {
      const unkept = core.unkept.size;
      if (unkept > 0)
        return `${unkept} ends hold in this process alone, since no disk takes them: do not stop it before one does`;
      return keeping.unwritable;
    },
    get unavailable() {
      if (state === "new") return "grants have not been read from the store yet";
      if (state === "stopped") return "the gateway is stopping";
      if (polling === undefined) return undefined;
      const age = core.clock.monotonic() - readAt;
      return age > polling.bound ? `the store could not be read for ${formatDuration(age)}` : undefined;
    },
  };
}

/** Takes over new rules: see `Grants.adopt`. Never rejects. */
export async function adopt(core: Core, rules: GrantRules): Promise<{ ended: number; voided: number }> {
  core.rules = rules;
  const over = core.live.all().filter(({ grant, request }) => !stillAllowed(rules, request, partOf(grant)));
  const reason = "the new configuration no longer allows it";
  // All are out of memory before the first of them is awaited.
  const ends = over.map(({ grant }) =>
    end(core, grant, { event: "change_rules", by: "configuration", reason }),
  );
  await Promise.allSettled(ends);
  // What the store cannot tell now is judged again before any approval.
  const pending = await core.store.requests({ state: "pending", limit: everything }).catch(() => []);
  const why = "the configuration has changed since it was asked; ask again";
  const closings = await Promise.allSettled(
    pending
      .filter((request) => !sameAsked(rules, request))
      .map((request) =>
        core.mutex(`request ${request.id}`, () => close(core, request, { event: "void", reason: why })),
      ),
  );
  const voided = closings.filter((one) => one.status === "fulfilled" && one.value).length;
  return { ended: over.length, voided };
}
