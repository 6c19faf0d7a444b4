import { createPlaces } from "../../../gate/limits/places.ts";
import type { Clock } from "../../../kernel/clock.ts";
import { createCredit, type Credit } from "./credit.ts";
import { u32 } from "../wire/framing.ts";

/**
 * What the sessions of one principal hold of the gateway's memory: the texts and values of their names, and large
 * messages on their way in. Both are bounded for the principal, whatever the number of its sessions.
 */
export interface Memory {
  /** A session begins. @param weight what its names hold, in characters */
  join(who: string, weight: () => number): () => void;
  /** What the names of all sessions of a principal hold together. */
  heldBy(who: string): number;
  /** Makes room for the large messages of one session. */
  inbound(who: string, clock: Clock): Inbound;
  /** Time of the thread that serves everybody, for large messages: to decode and record one takes milliseconds. */
  readonly time: Credit;
}

/** Room for a session's large messages, one after another. */
export interface Inbound {
  /**
   * Looks at what has not been taken: the beginning of a large message takes room for the whole of it.
   * @param retry called when it may be looked at again; nothing more is to be read before
   * @returns false when the principal's other sessions have all the room now
   */
  hasRoom(rest: Buffer, retry: () => void): boolean;
  /** What was taken has left: its room is free. */
  left(): void;
  end(): void;
}

/** Messages up to this size are bounded by the number of sessions alone. */
export const MAX_SMALL_MESSAGE = 65_536;
/** What a principal's large messages may take of the thread: burst, and share of every second. */
const LARGE_BURST_MS = 50;
const LARGE_SHARE = 0.2;
/** Room for the large messages of one principal, bytes; for four of the largest at least. */
const MAX_INBOUND_BY_PRINCIPAL = 67_108_864;
/** How many principals' rooms there are in all. */
const MAX_ROOMS = 4;
const RETRY_MS = 25;

/** @param messageBytes the largest message there may be, asked each time */
export function createMemory(messageBytes: () => number): Memory {
  const sessions = new Map<string, Set<() => number>>();
  const room = createPlaces(() => {
    const perKey = Math.max(MAX_INBOUND_BY_PRINCIPAL, 4 * messageBytes());
    return { perKey, total: MAX_ROOMS * perKey };
  });
  return {
    time: createCredit(LARGE_BURST_MS, LARGE_SHARE, () => performance.now()),
    join(who, weight) {
      const all = sessions.get(who) ?? new Set();
      sessions.set(who, all.add(weight));
      return () => {
        all.delete(weight);
        if (all.size === 0 && sessions.get(who) === all) sessions.delete(who);
      };
    },
    heldBy(who) {
      let sum = 0;
      for (const weight of sessions.get(who) ?? []) sum += weight();
      return sum;
    },
    inbound(who, clock) {
      let release: (() => void) | undefined;
      let unschedule: (() => void) | undefined;
      let isUnderWay = false;
      return {
        hasRoom(rest, retry) {
          const length = rest.length < 5 ? 0 : u32(rest, 1) + 1;
          const isLarge = length > MAX_SMALL_MESSAGE && rest.length < length && length <= messageBytes() + 1;
          if (!isLarge) {
            isUnderWay = false;
            return true;
          }
          if (isUnderWay) return true;
          release?.();
          release = room.acquire(who, length);
          isUnderWay = release !== undefined;
          if (!isUnderWay) unschedule = clock.schedule(RETRY_MS, retry);
          return isUnderWay;
        },
        left() {
          if (isUnderWay || release === undefined) return;
          release();
          release = undefined;
        },
        end() {
          unschedule?.();
          release?.();
          release = undefined;
        },
      };
    },
  };
}
