import { MayflyError } from "../../kernel/errors.ts";
import { readReason } from "../requests/read-input.ts";
import type { Core } from "../core.ts";
import { end } from "./end.ts";
import { MAX_STORED_ROWS } from "../row-limit.ts";
import { storeUnavailable } from "../errors.ts";
import type { Actor, Lockdown } from "../grants.ts";
import { requireOperator } from "../approvals/people.ts";
import { writeOrLook } from "./activate.ts";
import { recordPrincipal } from "../../audit/record-principal.ts";
import { lockdownRecord, write } from "../durability/records.ts";
import { close } from "../requests/close.ts";
import { writeBoth } from "../durability/write-both.ts";

/** Ends all live grants here, before the first end is recorded. */
function endAllHere(core: Core, lockdown: Lockdown): Promise<unknown>[] {
  const reason = `lock-down: ${lockdown.reason}`;
  return core.live
    .all()
    .map(({ grant }) => end(core, grant, { event: "lock_down", by: lockdown.by, reason }));
}

/** Ends grants that only the store knows of, and refuses all pending requests. */
export async function sweep(core: Core): Promise<void> {
  const { locked } = core;
  if (locked === undefined) return;
  const reason = `lock-down: ${locked.reason}`;
  for (const grant of await core.store.grants({ state: "active", limit: MAX_STORED_ROWS })) {
    // The outbox retries failures.
    await end(core, grant, { event: "lock_down", by: locked.by, reason }).catch(() => undefined);
  }
  for (const request of await core.store.requests({ state: "pending", limit: MAX_STORED_ROWS })) {
    await close(core, request, { event: "lock_down", reason });
  }
}

/** Writes the lock-down in force, whatever it has become meanwhile. */
function save(core: Core, owedTo: string | undefined): Promise<void> {
  return core.mutex("lockdown", async () => {
    const { locked } = core;
    await core.store.setLockdown(locked, owedTo);
    if (core.locked === locked) core.lockUnsaved = false;
  });
}

const followed =
  "Mayfly is locked down here; its record, and the other gateways, follow when log and store are back";

/** Waits for the writes of the lock-down in force once more. @throws log_unavailable or store_unavailable */
async function requireWritten(core: Core): Promise<void> {
  const { lockWrites } = core;
  if (lockWrites === undefined || lockWrites.left() === 0) return;
  await core.outbox.retry();
  if (lockWrites.left() > 0) throw storeUnavailable(undefined, followed);
}

/**
 * Sees to it that a start finds all over that the lock-down has ended, also once it is lifted.
 * @throws store_unavailable while an end is on no disk
 */
async function requireSwept(core: Core): Promise<void> {
  await sweep(core).catch(() => undefined);
  await Promise.allSettled(Array.from(core.endedHere.values(), ({ done }) => done));
  if (core.unkept.size > 0) throw storeUnavailable(undefined, "Mayfly is still locked down");
}

/**
 * Locks down: at once and here, whatever log and store do; they follow, tried again until they have it.
 * @throws forbidden; log_unavailable or store_unavailable when one could not be reached yet, although locked down
 */
export async function lockDown(core: Core, operator: Actor, why: string): Promise<Lockdown> {
  requireOperator(operator);
  const reason = readReason(why);
  if (core.locked !== undefined) {
    await requireWritten(core);
    return core.locked;
  }
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
  const both = writeBoth(core, {
    records: [record],
    store: (owedTo) => save(core, owedTo),
    debt: { lockdown },
    entry: { kind: "lockdown", ...lockdown },
    followed,
  });
  core.lockWrites = both;
  const results = await Promise.allSettled([both.done, ...ends]);
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
 * Lifts the lock-down: recorded and stored before it is lifted here, and not before its ends are kept.
 * @throws forbidden, log_unavailable, store_unavailable: then it is still in force
 */
export async function liftLockdown(core: Core, operator: Actor): Promise<void> {
  requireOperator(operator);
  // Its beginning is on record before its end is.
  await requireWritten(core);
  if (core.locked !== undefined) await requireSwept(core);
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
    const result = await writeOrLook(
      () => core.store.setLockdown(undefined),
      async () => (await core.store.lockdown()) === undefined,
    );
    if ("failed" in result) {
      // A reader of the log must not believe that it was lifted.
      const still = lockdownRecord(locked, core.rules.configuration);
      core.outbox.add(() => write(core.log, [still], "")).catch(() => undefined);
      throw storeUnavailable(result.failed, "Mayfly is still locked down");
    }
    core.locked = undefined;
    core.lockUnsaved = false;
    core.lockWrites = undefined;
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
