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

/** Boot of the machine, and how long it has been up: what no setting of a clock changes. */
export interface BootTime {
  readonly id: string;
  readonly ms: number;
}

/** What a running gateway says of itself every few seconds. */
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
 * The last resort of what has ended: a file whose room was taken when it was made, so that a full disk still takes an
 * end. An entry is in it only as long as neither log nor store has it.
 */
export interface Journal {
  /** What the run before left. */
  readonly found: { readonly entries: readonly JournalEntry[]; readonly beat: Beat | undefined };
  /**
   * Keeps an entry, on the disk when this resolves.
   * @returns takes it out again
   */
  keep(entry: JournalEntry): Promise<() => Promise<void>>;
  /** Takes out what the run before left: log and store have it now. */
  settle(): Promise<void>;
  beat(beat: Beat): Promise<void>;
  /** How long the machine has been up; undefined where that cannot be known. */
  boot(): BootTime | undefined;
}
