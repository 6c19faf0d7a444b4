import type { Clock } from "../../../kernel/clock.ts";
import { SLOW_LANE_MS, SMALL_PIECES_PER_TURN } from "../../bounds.ts";

/** Those that send in small pieces, of whom one at a time is read. */
export interface SlowLane {
  /** Notes small pieces, one when left out. @returns whether there may be more in this turn of the event loop */
  note(count?: number): boolean;
  /**
   * Calls `read` when it is this one's turn: the addresses take turns, and of one address its connections.
   * @param address as `addressKey` writes it
   * @returns gives the place up
   */
  enter(address: string, read: () => void): () => void;
}

/** Makes the slow lane of one port. */
export function createSlowLane(clock: Pick<Clock, "schedule">): SlowLane {
  /** Who waits, by address, in the order of service. */
  const lines = new Map<string, Set<() => void>>();
  let pieces = 0;
  let isResting = false;
  const turnOver = (): void => {
    pieces = 0;
  };

  const step = (): void => {
    isResting = false;
    for (const [address, line] of lines) {
      const [first] = line;
      lines.delete(address);
      if (first === undefined) continue;
      line.delete(first);
      // To the end of the queue.
      if (line.size > 0) lines.set(address, line);
      isResting = true;
      clock.schedule(SLOW_LANE_MS, step);
      first();
      return;
    }
  };

  return {
    note(count = 1) {
      if (pieces === 0) setImmediate(turnOver);
      pieces += count;
      return pieces <= SMALL_PIECES_PER_TURN;
    },
    enter(address, read) {
      const line = lines.get(address) ?? new Set();
      lines.set(address, line);
      // Another object each time: a connection may enter again.
      const place = (): void => read();
      line.add(place);
      if (!isResting) {
        isResting = true;
        clock.schedule(SLOW_LANE_MS, step);
      }
      return () => line.delete(place);
    },
  };
}
