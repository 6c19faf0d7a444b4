import type { Clock } from "./clock.ts";

/** A clock whose wall never steps back. */
export interface SteadyClock extends Clock {
  /** Raises the wall clock to at least this; it goes on from there. */
  raise(floor: number): void;
}

/** The two clocks may read this far apart, milliseconds, before the wall clock counts as stepped. */
const MAX_APART_MS = 500;

/** The smallest step of the wall clock that is reported, milliseconds. */
const TOLD_STEP_MS = 5000;

/**
 * Makes a wall clock that never steps back: it advances by whichever of the wall and the monotonic clock advanced
 * further. A step back has no effect; a step ahead, or the time that a machine was suspended, counts. Times stored by
 * it stay comparable, also after a restart that raises it to the last time seen.
 * @param stepped called for a step of more than a few seconds, with its milliseconds: positive for a step ahead, which
 * counts as time, negative for a step back
 */
export function steadyClock(clock: Clock, stepped: (ms: number) => void = () => undefined): SteadyClock {
  let from = { wall: clock.wall(), monotonic: clock.monotonic(), steady: clock.wall() };
  let last = from.steady;
  const now = (): number => {
    const wall = clock.wall();
    const monotonic = clock.monotonic();
    const passed = { wall: wall - from.wall, monotonic: monotonic - from.monotonic };
    last = Math.max(last, from.steady + Math.max(passed.wall, passed.monotonic));
    // The measurement restarts only at a step: small differences must not add up.
    const step = passed.wall - passed.monotonic;
    if (Math.abs(step) > MAX_APART_MS) from = { wall, monotonic, steady: last };
    if (Math.abs(step) > TOLD_STEP_MS) stepped(step);
    return last;
  };
  return {
    wall: () => Math.floor(now()),
    monotonic: () => clock.monotonic(),
    schedule: (ms, run) => clock.schedule(ms, run),
    raise(floor) {
      last = Math.max(now(), floor);
      from = { wall: clock.wall(), monotonic: clock.monotonic(), steady: last };
    },
  };
}
