import type { AuditLog } from "../audit/log.ts";
import type { Clock } from "../kernel/clock.ts";
import type { SteadyClock } from "../kernel/steady-clock.ts";
import type { Both } from "./durability/both.ts";
import type { Journal } from "./durability/journal.ts";
import type { GrantRules, GrantStore, History, Lockdown } from "./grants.ts";
import type { Live } from "./live.ts";
import type { createMutex } from "./mutex.ts";
import type { Outbox } from "./outbox.ts";
import type { Refusals } from "./refusals.ts";
import type { Grant } from "./types.ts";

/** What the parts of the grants service share. */
export interface Core {
  readonly store: GrantStore;
  readonly log: AuditLog;
  /** Its wall never steps back, also not over a restart: what is stored with a time of it stays comparable. */
  readonly clock: SteadyClock;
  /** The wall clock as it is, for comparing with what others say of theirs. */
  readonly wallClock: Clock;
  /** For the operator: what is wrong with the clocks or the store. */
  readonly tell: (message: string) => void;
  /** Which log this gateway writes; undefined where it cannot be read back. */
  readonly logId: string | undefined;
  /** Takes ends that neither log nor store takes; undefined where there is none. */
  readonly journal: Journal | undefined;
  /** What has ended and is on no disk yet: it holds for as long as this process lives. */
  readonly unkept: Set<string>;
  /** Requests that were closed here and whose record the log has yet to take. */
  readonly unrecorded: Set<string>;
  /** The writes of the lock-down in force, where it began here. */
  lockWrites: Both | undefined;
  /** How many changes are between their record and the store. */
  busy: number;
  readonly outbox: Outbox;
  readonly live: Live;
  /** Counts what was done with earlier grants; left out: nobody can say. */
  readonly history?: History | undefined;
  /** Whether one more decision that was not allowed may be recorded; see `recordRefusal`. */
  readonly refusals: Refusals;
  readonly mutex: ReturnType<typeof createMutex>;
  /** Swapped whole at a reload. */
  rules: GrantRules;
  /** The lock-down in force here; set before anything else happens, cleared last. */
  locked: Lockdown | undefined;
  /** Whether the store still has to learn of `locked`. */
  lockUnsaved: boolean;
  /** Grants that ended here, by id: never taken up again, whatever the store still says. Kept until their deadline. */
  readonly endedHere: Map<string, Ended>;
  /** Called with a request's id when its state changes. */
  readonly changed: (request: string) => void;
}

/** How a grant ended here. */
export interface Ended {
  readonly grant: Grant;
  /** Of the secret that opened it: whoever proves it is told how the grant ended. */
  readonly verifier?: string | undefined;
  /** Settles with the first try to record and store it. */
  readonly done: Promise<void>;
  /** How many of record and store have yet to take it. */
  readonly left: () => number;
  /** Monotonic time after which it may be forgotten. */
  readonly until: number;
}
