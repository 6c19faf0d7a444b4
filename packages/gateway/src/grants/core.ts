import type { AuditLog } from "../audit/log.ts";
import type { Clock } from "../kernel/clock.ts";
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
  readonly clock: Clock;
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
