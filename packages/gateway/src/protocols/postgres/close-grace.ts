import type { Clock } from "../../kernel/clock.ts";

/** How long a client that is told its last words may send nothing before it is cut, milliseconds. */
const CLOSE_IDLE_MS = 1000;
/** How long it may take in all, however much it still sends, milliseconds. */
const MAX_CLOSE_MS = 5000;

/** A client's socket, which counts what has come from it. */
interface Closing {
  readonly bytesRead?: number;
  destroy(): unknown;
  once(event: "close", run: () => void): unknown;
}

/**
 * Bounds how long a client may take to read its last words. One that is in the middle of a large message reads only after it has
 * sent all of it (libpq does so), and on a busy machine that takes its time: as long as bytes still come, it has more. What
 * comes is dropped by whoever ends it, so no memory is held; one that never reads is cut all the same.
 * @param maxMs in all, where it is to be less
 */
export function boundClose(client: Closing, clock: Clock, maxMs = MAX_CLOSE_MS): void {
  const deadline = clock.monotonic() + maxMs;
  let unschedule = (): void => undefined;
  const watch = (before = client.bytesRead): void => {
    const left = deadline - clock.monotonic();
    unschedule = clock.schedule(Math.min(CLOSE_IDLE_MS, left), () => {
      if (client.bytesRead === before || clock.monotonic() >= deadline) client.destroy();
      else watch();
    });
  };
  watch();
  client.once("close", () => unschedule());
}
