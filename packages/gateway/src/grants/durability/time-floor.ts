import { formatDuration } from "../../kernel/durations.ts";
import { BEAT_EVERY_MS } from "./progress.ts";
import type { Beat, BootTime } from "./journal.ts";

/** What a start knows of the time, beside the wall clock. */
export interface TimeSeen {
  /** What the run before said last. */
  readonly beat: Beat | undefined;
  /** How long the machine has been up now. */
  readonly boot: BootTime | undefined;
  /** When the run before recorded last, by its wall clock, milliseconds since the epoch. */
  readonly recordedAt: number | undefined;
  /** What its steady clock said when it last told the store. */
  readonly storedAt: number | undefined;
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
export function timeFloor(seen: TimeSeen): number {
  const { beat, recordedAt = 0, storedAt = 0 } = seen;
  const unseen = beat === undefined || beat.clean ? 0 : BEAT_EVERY_MS;
  const fromBeat = beat === undefined ? 0 : beat.steady + (sinceBeat(seen) ?? unseen);
  return Math.max(fromBeat, recordedAt, storedAt);
}

/** The clocks may differ so much before an operator hears of it, milliseconds. */
const MAX_AHEAD_MS = 5000;

/** The message for the operator when the time last seen is ahead of the wall clock; undefined when it is not. */
export function clockAheadMessage(floor: number, wall: number): string | undefined {
  if (floor - wall <= MAX_AHEAD_MS) return undefined;
  return `the wall clock is ${formatDuration(floor - wall)} behind what log, store and journal saw last: grants and requests go on from ${new Date(floor).toISOString()}. A start with nothing live and nothing pending goes by the wall clock again`;
}

/** What an operator has to know of a step of the wall clock. */
export function clockStepMessage(ms: number): string {
  const by = formatDuration(Math.round(Math.abs(ms)));
  return ms > 0
    ? `the wall clock went ahead by ${by}, or the machine was suspended: it counts as time for every grant`
    : `the wall clock was set back by ${by}: grants and requests go on as if it had not been`;
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
  const { beat, recordedAt = 0, storedAt = 0 } = seen;
  if (beat === undefined || beat.clean) return false;
  const since = sinceBeat(seen);
  // On another boot there is the wall clock alone; where it says that it is earlier now, nobody knows how long it was.
  if (since === undefined && wall < beat.wall) return true;
  // The newest sign of life: a beat, or what was recorded or stored after it.
  const lived = Math.max(0, recordedAt - beat.wall, storedAt - beat.steady);
  return (since ?? wall - beat.wall) - lived > MAX_SILENCE_MS;
}
