import { MayflyError } from "../kernel/errors.ts";
import { readReason } from "./ask.ts";
import type { Core } from "./core.ts";
import { end } from "./endings.ts";
import { storeUnavailable } from "./errors.ts";
import type { Actor, Lockdown } from "./grants.ts";
import { requireOperator } from "./people.ts";
import { recordPrincipal, write } from "./records.ts";
import { close } from "./closing.ts";

/** More than can be; the store is read in one go. */
export const everything = 100_000;

/** Ends all that is live here; all of it is over before the first end is recorded. */
function endAllHere(core: Core, lockdown: Lockdown): Promise<unknown>[] {
  const reason = `lock-down: ${lockdown.reason}`;
  return core.live
    .all()
    .map(({ grant }) => end(core, grant, { event: "lock_down", by: lockdown.by, reason }));
}

/** Ends what only the store knows of, and refuses everything pending. */
async function sweep(core: Core): Promise<void> {
  const { locked } = core;
  if (locked === undefined) return;
  const reason = `lock-down: ${locked.reason}`;
  for (const grant of await core.store.grants({ state: "active", limit: everything })) {
    // A failure is in the outbox already.
    await end(core, grant, { event: "lock_down", by: locked.by, reason }).catch(() => undefined);
  }
  for (const request of await core.store.requests({ state: "pending", limit: everything })) {
    await close(core, request, { event: "lock_down", reason });
  }
}

/** Writes the lock-down in force, whatever it has become meanwhile. */
function save(core: Core): Promise<void> {
  return core.mutex("lockdown", async () => {
    const { locked } = core;
    try {
      await core.store.setLockdown(locked);
    } catch (error) {
      throw storeUnavailable(error, "this gateway is locked down; the others will be when the store is back");
    }
    if (core.locked === locked) core.lockUnsaved = false;
  });
}

/**
 * Locks down: at once and here, whatever log and store do; they follow, tried again until they have it.
 * @throws forbidden; log_unavailable or store_unavailable when one could not be reached yet, although locked down
 */
export async function lockDown(core: Core, operator: Actor, why: string): Promise<Lockdown> {
  requireOperator(operator);
  const reason = readReason(why);
  if (core.locked !== undefined) return core.locked;
  const lockdown: Lockdown = { since: core.clock.wall(), by: operator.subject, reason };
  core.locked = lockdown;
  core.lockUnsaved = true;
  const ends = endAllHere(core, lockdown);
  const record = {
    type: "lockdown.started" as const,
    principal: recordPrincipal(operator),
    configuration: core.rules.configuration,
    detail: { reason, since: new Date(lockdown.since).toISOString() },
  };
  const results = await Promise.allSettled([
    core.outbox.add(() =>
      write(core.log, [record], "Mayfly is locked down, and this will be recorded later"),
    ),
    core.outbox.add(() => save(core)),
    ...ends,
  ]);
  const swept = await Promise.allSettled([core.outbox.add(() => sweep(core))]);
  for (const result of [...results, ...swept]) {
    if (result.status === "rejected") {
      throw result.reason instanceof MayflyError
        ? result.reason
        : storeUnavailable(result.reason, "Mayfly is locked down; the rest follows when the store is back");
    }
  }
  return lockdown;
}

/**
 * Lifts the lock-down: recorded and stored before it is lifted here.
 * @throws forbidden, log_unavailable, store_unavailable: then it is still in force
 */
export async function liftLockdown(core: Core, operator: Actor): Promise<void> {
  requireOperator(operator);
  await core.mutex("lockdown", async () => {
    const { locked } = core;
    if (locked === undefined) return;
    const record = {
      type: "lockdown.lifted" as const,
      principal: recordPrincipal(operator),
      configuration: core.rules.configuration,
      detail: { since: new Date(locked.since).toISOString(), reason: locked.reason },
    };
    await write(core.log, [record], "Mayfly is still locked down");
    try {
      await core.store.setLockdown(undefined);
    } catch (error) {
      throw storeUnavailable(error, "Mayfly is still locked down");
    }
    core.locked = undefined;
    core.lockUnsaved = false;
  });
}

/** Takes over what another gateway, or this one before a restart, has stored. @throws whatever the store throws */
export async function readLockdown(core: Core): Promise<void> {
  await core.mutex("lockdown", async () => {
    const stored = await core.store.lockdown();
    // The store has yet to learn what this gateway did.
    if (core.lockUnsaved) return;
    const before = core.locked;
    core.locked = stored;
    if (stored !== undefined && before === undefined) void Promise.allSettled(endAllHere(core, stored));
  });
}
