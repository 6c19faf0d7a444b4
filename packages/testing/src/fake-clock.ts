import type { Clock } from "../../gateway/src/kernel/clock.ts";

/** A clock that tests drive by hand. */
export interface FakeClock extends Clock {
  /** Moves both clocks ahead, running what was scheduled on the way, in order. */
  advance(ms: number): void;
  /** Steps the wall clock alone, as an administrator or NTP would. */
  stepWall(ms: number): void;
  /** How much is scheduled. */
  readonly pending: number;
}

/** Makes a clock that stands still at `wall` (milliseconds since the epoch) until told otherwise. */
export function fakeClock(wall: number = Date.UTC(2026, 0, 1, 12)): FakeClock {
  let now = 0;
  let epoch = wall;
  let timers: { at: number; run: () => void }[] = [];
  return {
    wall: () => epoch + now,
    monotonic: () => now,
    schedule(ms, run) {
      const timer = { at: now + Math.max(ms, 0), run };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const due = timers.filter((timer) => timer.at <= end).toSorted((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        timers = timers.filter((timer) => timer !== due);
        now = Math.max(now, due.at);
        due.run();
      }
      now = end;
    },
    stepWall(ms) {
      epoch += ms;
    },
    get pending() {
      return timers.length;
    },
  };
}
