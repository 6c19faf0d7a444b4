import type { SharedCount } from "./limits/session-places.ts";
import type { AuditLog } from "../audit/log.ts";
import type { ConnectionConfiguration, Limits } from "../configuration/types.ts";
import type { BudgetStore } from "../grants/budgets.ts";
import type { Grants } from "../grants/grants.ts";
import type { Identity } from "../identity/identity.ts";
import type { Clock } from "../kernel/clock.ts";
import type { SessionTraces } from "../kernel/traceparent.ts";
import type { ActTimes } from "./act-times.ts";
import type { StillRunning } from "./gate.ts";

/** What of a session could not be ended, and whose it was. */
export interface FoundRunning extends StillRunning {
  readonly session: string;
  readonly grant: string;
  readonly connection: string;
}

/** What the gate counts, for metrics: sessions, acts, and what came of acts that came too soon. */
export type Counted = "opened" | "refused" | "permit" | "deny" | "waited" | "too_fast" | "still_running";

/** What the gate stands on. */
export interface GateParts {
  readonly grants: Grants;
  /** What grants have had of their budgets, over all gateways. */
  readonly budgets: BudgetStore;
  readonly identity: Identity;
  /** Where gateways count sessions together; left out: this one counts alone. */
  readonly sharedPlaces?: Omit<SharedCount, "clock">;
  readonly log: AuditLog;
  readonly clock: Clock;
  /** The gateway's processes behind the same ports; 1 when left out. */
  readonly processes?: number;
  /** The configuration in force: asked at every `open`, since a reload swaps it. */
  readonly configuration: () => {
    readonly connections: ReadonlyMap<string, ConnectionConfiguration>;
    readonly limits: Limits;
    readonly digest: string;
  };
  /** Undefined while no traces are exported: nothing is added then to what goes upstream. Asked at every `open`. */
  readonly traces?: () => SessionTraces | undefined;
  /** A fault in the gateway itself, for the operator's log. */
  readonly fault: (error: unknown) => void;
  /** A target goes on with what a session ran, for the operator's log. */
  readonly stillRunning: (found: FoundRunning) => void;
  /** Counts, for metrics. */
  readonly count: (what: Counted) => void;
  /** Who is told how long the acts of a protocol take, by its kind; asked once for each. */
  readonly times: (kind: string) => ActTimes;
}
