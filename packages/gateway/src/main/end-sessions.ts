import type { Gates } from "../gate/create.ts";
import type { Listener } from "./listeners/listener.ts";

/** How long sessions have to end at a stop, with all that they run upstream, milliseconds. */
const SESSIONS_END_MS = 10_000;
/** How long clients have to read their last words, milliseconds. */
const CLOSE_GRACE_MS = 1500;

/** Takes nobody in, and tells every session. */
export async function endSessions(
  gates: Gates,
  listeners: readonly Listener[],
  reason: string,
): Promise<void> {
  for (const listener of listeners) listener.close();
  await gates.stop(reason, SESSIONS_END_MS);
  // The sessions are over; what they were told still has to be read.
  await Promise.all(listeners.map((listener) => listener.drained(CLOSE_GRACE_MS)));
}
