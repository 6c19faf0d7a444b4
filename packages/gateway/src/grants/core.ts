import type { AuditLog } from "../audit/log.ts";
import type { Clock } from "../kernel/clock.ts";
import type { FindPaths } from "../kernel/known-paths.ts";
import type { SteadyClock } from "../kernel/steady-clock.ts";
import type { PairedWrite } from "./durability/write-both.ts";
import type { Journal } from "./durability/journal.ts";
import type { GrantRules, GrantStore, History, Lockdown } from "./grants.ts";
import type { Buckets } from "../kernel/buckets.ts";
import type { Leases } from "./leases/leases.ts";
import type { LiveGrants } from "./lifecycle/live-grants.ts";
import type { createMutex } from "./durability/mutex.ts";
import type { Outbox } from "./durability/outbox.ts";
import type { LimitedRecords } from "../kernel/limited-records.ts";
import type { GrantObserver } from "./observer.ts";
import type { Grant } from "./types.ts";

/** What the parts of the grants service share. */
export interface Core {
  readonly store: GrantStore;
  readonly log: AuditLog;
  /** A clock whose wall never steps back, not even over a restart, so that stored times stay comparable. */
  readonly clock: SteadyClock;
  /** The raw wall clock, for comparing with the clocks of others. */
  readonly wallClock: Clock;
  /** For the operator: what is wrong with the clocks or the store. */
  readonly tell: (message: string) => void;
  /** Which log this gateway writes; undefined where it cannot be read back. */
  readonly logId: string | undefined;
  /** Keeps ends that neither log nor store accepts; undefined where there is no journal. */
  readonly journal: Journal | undefined;
  /** Ends that are on no disk yet: they hold as long as this process lives. */
  readonly unkept: Set<string>;
  /** Requests closed here whose record is not in the log yet. */
  readonly unrecorded: Set<string>;
  /** The writes of the lock-down in force, if it began here. */
  lockWrites: PairedWrite | undefined;
  /** How many changes are recorded and not yet stored. */
  busy: number;
  readonly outbox: Outbox;
  readonly live: LiveGrants;
  /** The leases of live grants. */
  readonly leases: Leases;
  readonly renewalBounds: Buckets;
  /** Counts the acts of earlier grants; left out: the counts are unknown. */
  readonly history?: History | undefined;
  /** Looks up whether the paths beside the gateway are closed; left out: nobody probes, so they are not known to be. */
  readonly findPaths?: FindPaths | undefined;
  /** Whether one more decision that was not allowed may be recorded; see `recordRefusal`. */
  readonly refusals: LimitedRecords;
  readonly observer: GrantObserver;
  readonly mutex: ReturnType<typeof createMutex>;
  /** Swapped whole at a reload. */
  rules: GrantRules;
  /** The lock-down in force here; set before anything else happens, cleared last. */
  locked: Lockdown | undefined;
  /** Whether the store still has to learn of `locked`. */
  lockUnsaved: boolean;
  /** Grants that ended here, by id: never activated again, whatever the store still says. Kept until their deadline. */
  readonly endedHere: Map<string, Ended>;
  /** Called with a request's id when its state changes. */
  readonly changed: (request: string) => void;
}

/** How a grant ended here. */
export interface Ended {
  readonly grant: Grant;
  /** The verifier of its secret: a client that proves the secret is told how the grant ended. */
  readonly verifier?: string | undefined;
  /** Settles with the first try to record and store it. */
  readonly done: Promise<void>;
  /** How many of its record and its stored end are still to be written. */
  readonly left: () => number;
  /** Monotonic time after which it may be forgotten. */
  readonly until: number;
}
