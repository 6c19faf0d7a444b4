/**
 * Time, injected. Every deadline in Mayfly is measured on two clocks, so that a wall clock stepped back
 * extends nothing and a machine that slept does not wake up with access still open.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch, from the wall clock. */
  wall(): number;
  /** Milliseconds from an arbitrary start, never stepping back. */
  monotonic(): number;
  /**
   * Calls `run` once, when the monotonic clock has gone on by `ms` milliseconds and never before; the result cancels it.
   * Whoever looks then sees that the time has passed.
   */
  schedule(ms: number, run: () => void): () => void;
}

/** The longest delay that Node's timers take (2^31 - 1 ms); longer ones go on behind it. */
const MAX_TIMER_MS = 2_147_483_647;

/** The process's own clocks. Timers do not keep the process alive. */
export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(ms, run) {
    const due = performance.now() + ms;
    let timer: NodeJS.Timeout;
    const wait = (left: number): void => {
      timer = setTimeout(look, Math.min(Math.max(Math.ceil(left), 0), MAX_TIMER_MS)).unref();
    };
    // Node counts whole milliseconds from the start of its turn, so that a timer may fire up to one too early.
    const look = (): void => {
      const left = due - performance.now();
      if (left > 0) wait(left);
      else run();
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};

/** An absolute end, on both clocks. */
export interface Deadline {
  /** Milliseconds since the Unix epoch. */
  readonly wall: number;
  /** On the monotonic clock of the process that holds it. */
  readonly monotonic: number;
}

/** The deadline `ms` milliseconds from now. */
export function deadlineAfter(clock: Clock, ms: number): Deadline {
  return { wall: clock.wall() + ms, monotonic: clock.monotonic() + ms };
}

/**
 * The deadline of something stored with a wall-clock end, for example a grant read back after a restart.
 * It never lies later than `maxMs` milliseconds from now, so that a clock stepped back while the process
 * was away cannot stretch it.
 */
export function deadlineAt(clock: Clock, wall: number, maxMs: number): Deadline {
  const left = Math.min(wall - clock.wall(), maxMs);
  return { wall: Math.min(wall, clock.wall() + left), monotonic: clock.monotonic() + left };
}

/**
 * Milliseconds until the earlier of the two clocks reaches the deadline; zero or less once it has passed.
 * @param now the monotonic clock, where it was read just before
 */
export function remaining(clock: Clock, deadline: Deadline, now = clock.monotonic()): number {
  return Math.min(deadline.wall - clock.wall(), deadline.monotonic - now);
}
