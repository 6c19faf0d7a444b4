import type { Lockdown } from "../grants.ts";
import type { GrantEvent, GrantState } from "../states.ts";

/** An end that neither log nor store has taken yet. */
export type JournalEntry =
  | {
      readonly kind: "grant";
      readonly grant: string;
      readonly state: Exclude<GrantState, "active">;
      readonly event: GrantEvent;
      readonly by: string;
      readonly reason: string;
      readonly at: number;
    }
  | ({ readonly kind: "lockdown" } & Lockdown);

/** The machine's boot and its uptime, which no setting of a clock changes. */
export interface BootTime {
  readonly id: string;
  readonly ms: number;
}

/** The heartbeat of a running gateway. */
export interface Beat {
  /** The time by its steady clock, milliseconds since the epoch. */
  readonly steady: number;
  /** The time by the wall clock as it was, milliseconds since the epoch. */
  readonly wall: number;
  readonly boot?: BootTime;
  /** Whether it was the last one, with nothing left to write. */
  readonly clean: boolean;
}

/**
 * The last place to keep ends: a preallocated file, so that a full disk still takes them. It holds an entry only while
 * neither log nor store does.
 */
export interface Journal {
  /** The entries of the previous run. */
  readonly found: { readonly entries: readonly JournalEntry[]; readonly beat: Beat | undefined };
  /**
   * Keeps an entry, on the disk when this resolves.
   * @returns takes it out again
   */
  keep(entry: JournalEntry): Promise<() => Promise<void>>;
  /** Removes the entries of the previous run: log and store have them now. */
  settle(): Promise<void>;
  beat(beat: Beat): Promise<void>;
  /** How long the machine has been up; undefined where that cannot be known. */
  boot(): BootTime | undefined;
}
