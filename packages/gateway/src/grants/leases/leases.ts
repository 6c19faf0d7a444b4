import type { Clock } from "../../kernel/clock.ts";

/**
 * How often leases are checked, milliseconds. An expired lease ends at the second check after its time, so that data
 * waiting in the sockets is read once more.
 */
const TICK_MS = 200;

/**
 * How late a check may be before the time since the last one counts as a stall of the gateway itself, milliseconds.
 * Only one check's interval of a stall counts: while the gateway could hear nobody, nobody could renew.
 */
const MAX_HEARD_MS = 2 * TICK_MS;

/**
 * How long a lease lasts at least before its holder is first heard of, milliseconds: a client that waits for an
 * approval learns of it by a long poll, perhaps only by the next one.
 */
export const FIRST_LEASE_MS = 10_000;

/** A renewal, as other gateways are told of it. */
export interface Renewed {
  readonly grant: string;
  /** Milliseconds since it was renewed here. */
  readonly age: number;
}

/** The leases of the grants that are live here. */
export interface Leases {
  /**
   * Starts a lease.
   * @param period milliseconds; it is lost when it is not renewed for so long
   * @param first how long it lasts before the first renewal, milliseconds
   */
  begin(grant: string, period: number, first: number): void;
  end(grant: string): void;
  /** Renewed by its holder, here. @returns milliseconds until it is lost unless renewed again; undefined: there is none */
  renew(grant: string): number | undefined;
  /** Renewed through another gateway, so many milliseconds ago. */
  renewedElsewhere(grant: string, age: number): void;
  /** What was renewed here since the last call. */
  drainRenewed(): readonly Renewed[];
  /** Milliseconds until a lease is lost; undefined: there is none. */
  left(grant: string): number | undefined;
  /** Whether its last renewal came here. */
  isOurs(grant: string): boolean;
  stop(): void;
}

interface Lease {
  readonly period: number;
  /** Milliseconds of time in which the gateway could hear, until it is lost. */
  left: number;
  /** Whether a check has already found it expired. */
  isOver: boolean;
  /** When it was renewed here, on the monotonic clock. */
  renewedAt: number | undefined;
  /** Whether other gateways were told. */
  isTold: boolean;
}

/**
 * Makes the register. Time is that of the monotonic clock, as far as the gateway could hear.
 * @param lost called at each look for each lease that is over, until it is ended or renewed
 */
export function createLeases(clock: Clock, lost: (grant: string) => void): Leases {
  const leases = new Map<string, Lease>();
  let cancel: (() => void) | undefined;
  let lookedAt = 0;
  let isStopped = false;

  const arm = (): void => {
    if (isStopped || cancel !== undefined || leases.size === 0) return;
    lookedAt = clock.monotonic();
    cancel = clock.schedule(TICK_MS, look);
  };

  function look(): void {
    cancel = undefined;
    const passed = clock.monotonic() - lookedAt;
    const heard = passed > MAX_HEARD_MS ? TICK_MS : passed;
    for (const [grant, lease] of leases) {
      if (lease.isOver) lost(grant);
      else {
        lease.left -= heard;
        lease.isOver = lease.left <= 0;
      }
    }
    arm();
  }

  return {
    begin(grant, period, first) {
      leases.set(grant, { period, left: first, isOver: false, renewedAt: undefined, isTold: true });
      arm();
    },
    end: (grant) => void leases.delete(grant),
    renew(grant) {
      const lease = leases.get(grant);
      if (lease === undefined) return undefined;
      lease.left = lease.period;
      lease.isOver = false;
      lease.renewedAt = clock.monotonic();
      lease.isTold = false;
      return lease.period;
    },
    renewedElsewhere(grant, age) {
      const lease = leases.get(grant);
      if (lease === undefined || lease.period - age <= lease.left) return;
      lease.left = lease.period - age;
      lease.isOver = false;
      lease.renewedAt = undefined;
    },
    drainRenewed() {
      const now = clock.monotonic();
      const renewed: Renewed[] = [];
      for (const [grant, lease] of leases) {
        if (lease.isTold || lease.renewedAt === undefined) continue;
        lease.isTold = true;
        renewed.push({ grant, age: now - lease.renewedAt });
      }
      return renewed;
    },
    left: (grant) => leases.get(grant)?.left,
    isOurs: (grant) => leases.get(grant)?.renewedAt !== undefined,
    stop() {
      isStopped = true;
      cancel?.();
      cancel = undefined;
    },
  };
}
