import { BEAT_EVERY_MS } from "./progress.ts";
import type { Beat, BootTime } from "./journal.ts";

/** What a start knows of the time, beside the wall clock. */
export interface TimeSeen {
  /** What the run before said last. */
  readonly beat: Beat | undefined;
  /** How long the machine has been up now. */
  readonly boot: BootTime | undefined;
  /** Times that something was recorded or stored at, milliseconds since the epoch. */
  readonly others: readonly number[];
}

/** Milliseconds since the last beat, where no setting of a clock can have changed them. */
function sinceBeat({ beat, boot }: TimeSeen): number | undefined {
  if (beat?.boot === undefined || boot === undefined || beat.boot.id !== boot.id) return undefined;
  return Math.max(0, boot.ms - beat.boot.ms);
}

/**
 * The least that it can be now, whatever the wall clock says: pure.
 *
 * On the same boot of the machine the time since the last beat is known to the hundredth of a second, so that a grant
 * has what it had left then, less what has passed. On another boot it has what it had left at the last beat, less one
 * interval of beats for what the run before may have lived on: many starts in a row add nothing.
 */
export function floorOf(seen: TimeSeen): number {
  const { beat, others } = seen;
  const unseen = beat === undefined || beat.clean ? 0 : BEAT_EVERY_MS;
  const fromBeat = beat === undefined ? 0 : beat.wall + (sinceBeat(seen) ?? unseen);
  return Math.max(0, fromBeat, ...others);
}

/**
 * How long a gateway can have lived on after its last beat without one before nothing that it ended meanwhile can be
 * relied on to be kept, milliseconds.
 */
export const MAX_SILENCE_MS = 60_000;

/**
 * Whether the run before may have ended grants that no disk took: it did not stop as it should, and nobody knows for
 * longer than `MAX_SILENCE_MS` what it did.
 * @param wall the wall clock
 */
export function wasSilent(seen: TimeSeen, wall: number): boolean {
  const { beat, others } = seen;
  if (beat === undefined || beat.clean) return false;
  // The newest sign of life: a beat, or a record that came after it.
  const lived = Math.max(0, ...others.map((at) => at - beat.wall));
  const silence = (sinceBeat(seen) ?? wall - beat.wall) - lived;
  return silence > MAX_SILENCE_MS || (sinceBeat(seen) === undefined && wall < beat.wall);
}
