import type { Duplex } from "node:stream";
import { addressKey, createPlaces } from "../../../gate/limits/places.ts";
import { tokenBuckets } from "../../../kernel/buckets.ts";
import type { Clock } from "../../../kernel/clock.ts";

/**
 * Handshakes under way, bounded in all and by address. Those above the bound wait in line, unread, within the time
 * that a handshake may take. Clients that have said nothing yet take no place. Each address has a line of its own, so that clients that never finish hold up no others.
 */
export interface Arrivals {
  /** Calls `start` when the client has a place, perhaps at once; never when its socket closes before. */
  enter(client: Duplex, start: (place: HandshakePlace) => void): void;
}

export interface HandshakePlace {
  /** The handshake is over. Safe to call twice. */
  leave(): void;
  /** How long the answer to a failed log-in waits, milliseconds: nothing as long as the address fails seldom. */
  failed(): number;
}

const MAX_HANDSHAKES_BY_ADDRESS = 64;
const MAX_HANDSHAKES = 1024;
/** Failed log-ins of one address that are answered at once, and how many more of them each second. */
const PROMPT_FAILURES = 20;
const PROMPT_FAILURES_PER_SECOND = 2;
const MAX_FAILURE_DELAY_MS = 2000;
/** Addresses whose failures are remembered. */
const MAX_REMEMBERED = 10_000;

/** What one that waits needs. */
interface Waiting {
  readonly begin: (leave: () => void) => void;
}

export function createArrivals(clock: Clock): Arrivals {
  const places = createPlaces(() => ({ perKey: MAX_HANDSHAKES_BY_ADDRESS, total: MAX_HANDSHAKES }));
  const failures = tokenBuckets(clock, PROMPT_FAILURES_PER_SECOND, PROMPT_FAILURES, MAX_REMEMBERED);
  const lines = new Map<string, Set<Waiting>>();

  /** A place became free: the first of each line may have it, whoever's line was served goes last. */
  const next = (): void => {
    for (const [key, line] of lines) {
      const release = places.acquire(key);
      if (release === undefined) continue;
      const [first] = line;
      lines.delete(key);
      if (first === undefined) {
        release();
        continue;
      }
      line.delete(first);
      if (line.size > 0) lines.set(key, line);
      first.begin(release);
      return;
    }
  };

  return {
    enter(client, start) {
      const address = "remoteAddress" in client ? String(client.remoteAddress) : "";
      const key = addressKey(address);
      const begin = (release: () => void): void => {
        const leave = (): void => {
          release();
          next();
        };
        start({
          leave,
          failed() {
            failures.charge(key, 1);
            return Math.min(failures.wait(key, 0), MAX_FAILURE_DELAY_MS);
          },
        });
      };
      const release = lines.has(key) ? undefined : places.acquire(key);
      if (release !== undefined) {
        begin(release);
        return;
      }
      const line = lines.get(key) ?? new Set();
      lines.set(key, line);
      const stop = (): void => {
        client.off("close", stop);
        line.delete(waiting);
        if (line.size === 0 && lines.get(key) === line) lines.delete(key);
      };
      const waiting: Waiting = {
        begin(release) {
          stop();
          begin(release);
        },
      };
      client.once("close", stop);
      line.add(waiting);
    },
  };
}
