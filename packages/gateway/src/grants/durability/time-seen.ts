import type { Core } from "../core.ts";
import { clockAheadMessage, type TimeSeen } from "./time-floor.ts";
import type { Trail } from "./trail.ts";

/** The time of what goes on must not grow; where nothing does, the wall clock is right again. */
export function raiseClock(core: Core, floor: number): void {
  const ahead = clockAheadMessage(floor, core.wallClock.wall());
  if (ahead !== undefined) core.tell(ahead);
  core.clock.raise(floor);
}

/** What a start knows of the time, beside the wall clock. */
export async function timeSeen(core: Core, trail: Trail, stored: number | undefined): Promise<TimeSeen> {
  const [last] = trail.first === 0 ? [] : await trail.read(trail.first - 1, 1);
  return {
    beat: core.journal?.found.beat,
    boot: core.journal?.boot(),
    recordedAt: last === undefined ? undefined : Date.parse(last.time),
    storedAt: stored,
  };
}
