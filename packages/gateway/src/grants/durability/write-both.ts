import type { NewRecord } from "../../audit/records.ts";
import type { Core } from "../core.ts";
import { storeUnavailable } from "../errors.ts";
import type { GrantStore } from "../grants.ts";
import { write } from "./records.ts";
import type { JournalEntry } from "./journal.ts";

/** What has happened already, and has to reach log and store. */
interface Happened {
  readonly records: readonly NewRecord[];
  readonly store: (owedTo: string | undefined) => Promise<void>;
  /** What the store calls it, for taking the log's debt off it again. */
  readonly debt: Parameters<GrantStore["recorded"]>[1];
  /** For the journal, while neither log nor store takes it. */
  readonly entry: JournalEntry;
  /** For whoever reads of a failure, for example "the grant has ended, and this will be recorded later". */
  readonly followed: string;
}

/** Two writes that have begun. */
export interface PairedWrite {
  /** Settles with the first try of both; what is left then is tried again by itself. */
  readonly done: Promise<void>;
  /** How many of the two are outstanding. */
  readonly left: () => number;
}

/** How long the store waits to learn whether the log has taken the record, milliseconds. */
const LOG_HEAD_START_MS = 250;

function key(entry: JournalEntry): string {
  return entry.kind === "grant" ? entry.grant : `the lock-down of ${new Date(entry.since).toISOString()}`;
}

/**
 * Has log and store take what has happened, each tried again until it succeeds, so that whichever of the two a crash
 * leaves with it tells the other at the next start. While neither takes it, the journal does. While nothing does, it
 * holds in memory alone, and `core.unkept` says so.
 */
export function writeBoth(core: Core, happened: Happened): PairedWrite {
  const { records, entry, followed } = happened;
  let left = 2;
  let isRecorded = false;
  let wasOwed = false;
  const recorded = core.outbox.add(async () => {
    await write(core.log, records, followed);
    isRecorded = true;
    left--;
  });
  const stored = core.outbox.add(async () => {
    if (!isRecorded) await headStart(core, recorded);
    const owedTo = isRecorded ? undefined : core.logId;
    // Once is enough: a call that failed may have been kept.
    wasOwed ||= owedTo !== undefined;
    try {
      await happened.store(owedTo);
    } catch (error) {
      throw storeUnavailable(error, followed);
    }
    left--;
  });
  const settleDebt = (): void => {
    const { logId } = core;
    if (logId === undefined || !wasOwed) return;
    core.outbox.add(() => core.store.recorded(logId, happened.debt)).catch(() => undefined);
  };
  const finish = async (): Promise<void> => {
    const both = await Promise.allSettled([recorded, stored]);
    if (left === 2) await keepMeanwhile(core, entry, () => left < 2);
    if (left === 0) settleDebt();
    else if (core.logId !== undefined) {
      core.outbox
        .add(async () => {
          if (left > 0) throw new Error("not written yet");
          settleDebt();
        })
        .catch(() => undefined);
    }
    for (const one of both) if (one.status === "rejected") throw one.reason as Error;
  };
  const done = finish();
  // Whoever does not await this one must not crash the process: the outbox goes on trying.
  done.catch(() => undefined);
  return { done, left: () => left };
}

async function headStart(core: Core, recorded: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = core.clock.schedule(LOG_HEAD_START_MS, resolve);
  await Promise.race([recorded.catch(() => undefined), promise]);
  cancel();
}

/** Keeps an entry in the journal until log or store has it. */
async function keepMeanwhile(core: Core, entry: JournalEntry, isTaken: () => boolean): Promise<void> {
  let takeOut: (() => Promise<void>) | undefined;
  const name = key(entry);
  core.unkept.add(name);
  await core.outbox
    .add(async () => {
      if (!isTaken()) {
        if (core.journal === undefined) throw new Error("there is no journal");
        takeOut = await core.journal.keep(entry);
      }
      core.unkept.delete(name);
    })
    .catch(() => undefined);
  core.outbox
    .add(async () => {
      if (!isTaken()) throw new Error("not taken yet");
      core.unkept.delete(name);
      const take = takeOut;
      takeOut = undefined;
      await take?.();
    })
    .catch(() => undefined);
}
