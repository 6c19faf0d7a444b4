import { connect } from "node:net";
import { placeKey } from "../probes/places.ts";
import type { Clock } from "../kernel/clock.ts";
import { endsInTime } from "../kernel/in-time.ts";

/** Where something may listen. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

/** Connects over TCP and closes at once. Rejects where it cannot, and when the signal aborts. */
export type Dial = (place: Place, signal: AbortSignal) => Promise<void>;

/** How long all places may take, and one of them, milliseconds. */
const ALL_MS = 5000;
const ONE_MS = 2000;
const MAX_AT_ONCE = 32;

const systemDial: Dial = async ({ address, port }, signal) => {
  signal.throwIfAborted();
  const socket = connect({ host: address, port });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const giveUp = (): void => reject(new Error("it took too long"));
  signal.addEventListener("abort", giveUp);
  socket.once("connect", resolve);
  socket.on("error", reject);
  try {
    await promise;
  } finally {
    signal.removeEventListener("abort", giveUp);
    socket.destroy();
  }
};

/**
 * The places that this machine can connect to now, as `placeKey` names them. A place whose turn does not come in time is
 * none of them.
 */
export async function reachable(
  places: readonly Place[],
  clock: Clock,
  dial: Dial = systemDial,
): Promise<ReadonlySet<string>> {
  const waiting = [...new Map(places.map((place) => [placeKey(place.address, place.port), place]))];
  const reached = new Set<string>();
  const enough = new AbortController();
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && !enough.signal.aborted; next = waiting.shift()) {
      const [key, place] = next;
      const late = new AbortController();
      const dialled = dial(place, AbortSignal.any([enough.signal, late.signal])).then(() => reached.add(key));
      await endsInTime(dialled, ONE_MS, clock, enough.signal);
      late.abort();
    }
  };
  await endsInTime(Promise.all(Array.from({ length: MAX_AT_ONCE }, work)), ALL_MS, clock);
  enough.abort();
  // A dial that ends later finds its own set.
  return new Set(reached);
}
