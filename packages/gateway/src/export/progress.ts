import { backoffOf } from "../kernel/backoff.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Handover, RefusedRecords } from "./destination.ts";
import { createLag, type Lag } from "./lag.ts";

/** What the operator's log says of a stream. */
export type StreamNews =
  | { readonly kind: "failed"; readonly why: string; readonly next: number; readonly behind: number }
  | { readonly kind: "resumed"; readonly next: number }
  | { readonly kind: "refused"; readonly why: string; readonly count: number; readonly next: number }
  /** Records from `first` on, or behind it, are in the archive alone. */
  | { readonly kind: "missed"; readonly first: number; readonly count: number }
  | { readonly kind: "unkept"; readonly why: string }
  /** What was under way at a stop did not end in time, and is not waited for. */
  | { readonly kind: "left"; readonly next: number }
  /** Retention no longer keeps what has not arrived: it is more than `hold_back`. */
  | { readonly kind: "given up"; readonly first: number; readonly count: number };

/** Counts since the start. */
export interface StreamCounts {
  readonly delivered: number;
  readonly failures: number;
  /** Refused for what they are. */
  readonly refused: number;
  /** Archived before they could be sent. */
  readonly missed: number;
}

/** How far a stream has come, and how it fares. */
export interface Progress {
  /** Everything below has arrived. */
  readonly delivered: number;
  /** Everything below was sent. */
  readonly position: number;
  readonly counts: StreamCounts;
  /** What the last failure was, while it lasts. */
  readonly problem: string | undefined;
  readonly lag: Pick<Lag, "sent" | "seconds">;
  /** @returns how long to wait before the same is tried again, milliseconds; undefined: go on */
  heard(handover: Handover): number | undefined;
  /** @returns how long to wait, milliseconds */
  failed(why: string, retryAfter?: number): number;
  /** Goes on behind what was sent. @param absent how many of these records are in the archive alone */
  passed(next: number, absent: number): void;
  /** The log ends before what was sent: it was put back from an older copy. */
  cutBack(end: number): void;
}

/** Looks again this often for records, and for room, milliseconds. */
export const LOOK_EVERY_MS = 250;
const BACKOFF = { first: 1000, max: 60_000 };
/** A destination may ask for a longer pause than ours, but not for any. */
const MAX_RETRY_AFTER_MS = 300_000;
/** A failure that lasts is told again this often, milliseconds. */
const TELL_EVERY_MS = 300_000;

/** @param end how many records the log has */
export function createProgress(
  from: number,
  end: () => number,
  clock: Clock,
  tell: (what: StreamNews) => void,
): Progress {
  const lag = createLag();
  const counts = { delivered: 0, failures: 0, refused: 0, missed: 0 };
  let delivered = from;
  let position = from;
  let failedInRow = 0;
  let problem: string | undefined;
  let toldAt = 0;
  let missedTo = 0;

  function leftOut(refused: RefusedRecords): void {
    counts.refused += refused.count;
    counts.delivered -= refused.count;
    tell({ kind: "refused", ...refused, next: delivered });
  }

  function arrived(next: number): void {
    if (next <= delivered) return;
    counts.delivered += next - delivered;
    delivered = next;
    lag.arrived(next);
    failedInRow = 0;
    if (problem === undefined) return;
    problem = undefined;
    tell({ kind: "resumed", next });
  }

  function failed(why: string, retryAfter = 0): number {
    position = delivered;
    failedInRow += 1;
    counts.failures += 1;
    const isNews = problem === undefined || clock.monotonic() - toldAt >= TELL_EVERY_MS;
    problem = why;
    if (isNews) {
      toldAt = clock.monotonic();
      tell({ kind: "failed", why, next: delivered, behind: Math.max(0, end() - delivered) });
    }
    return Math.max(backoffOf(failedInRow, BACKOFF), Math.min(retryAfter, MAX_RETRY_AFTER_MS));
  }

  return {
    get delivered() {
      return delivered;
    },
    get position() {
      return position;
    },
    get problem() {
      return problem;
    },
    get counts() {
      // What was refused or archived is taken off before what came with it has arrived.
      return { ...counts, delivered: Math.max(0, counts.delivered) };
    },
    lag,
    heard(handover) {
      if (handover.kind === "failed") return failed(handover.why, handover.retryAfter);
      if (handover.kind === "full") return LOOK_EVERY_MS;
      if (handover.kind === "delivered") arrived(handover.delivered);
      if (handover.refused !== undefined) leftOut(handover.refused);
      return undefined;
    },
    failed,
    passed(next, absent) {
      const first = position;
      position = next;
      // Records that are passed again are counted once.
      if (absent === 0 || next <= missedTo) return;
      missedTo = next;
      counts.missed += absent;
      counts.delivered -= absent;
      tell({ kind: "missed", first, count: absent });
    },
    cutBack(to) {
      position = to;
      delivered = Math.min(delivered, to);
    },
  };
}
