import type { Clock } from "./clock.ts";

/** A clock whose wall never steps back. */
export interface SteadyClock extends Clock {
  /** From now on the wall clock says no less than this, going on from there. */
  raise(floor: number): void;
}

/** The two clocks may read this far apart, milliseconds, before the wall clock counts as stepped. */
const MAX_APART_MS = 500;

/** A step of the wall clock that somebody ought to hear of, milliseconds. */
const TOLD_STEP_MS = 5000;

/**
 * Makes a wall clock steady: it goes on by whichever of the wall and the monotonic clock went further. A step back adds
 * nothing and takes nothing away; a step ahead, or the time that a machine was suspended, counts. What is stored with a
 * time of it stays comparable, also after a restart that raises it to what was seen last.
 * @param stepped told of a step by more than a few seconds, milliseconds: ahead, which counts as time, or back
 */
export function steadyClock(clock: Clock, stepped: (ms: number) => void = () => undefined): SteadyClock {
  let from = { wall: clock.wall(), monotonic: clock.monotonic(), steady: clock.wall() };
  let last = from.steady;
  const now = (): number => {
    const wall = clock.wall();
    const monotonic = clock.monotonic();
    const passed = { wall: wall - from.wall, monotonic: monotonic - from.monotonic };
    last = Math.max(last, from.steady + Math.max(passed.wall, passed.monotonic));
    // Begun anew at a step alone: small differences must not add up.
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
