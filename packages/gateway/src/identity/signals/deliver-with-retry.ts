import { backoffOf } from "../../kernel/backoff.ts";
import type { Clock } from "../../kernel/clock.ts";
import { pause } from "../../kernel/pause.ts";
import type { Signal, SignalSink } from "./signal.ts";

/** Maximum number of tries to deliver signals whose receipt could not be recorded. */
const MAX_TRIES = 10;
/** Pause before the second try, milliseconds; doubled each time. */
const RETRY = { first: 1000, max: 60_000 };

/**
 * Delivers signals that the gateway itself has found, until the sink has recorded them: no sender repeats them.
 * @throws the sink's last error
 */
export async function deliverWithRetry(
  sink: Pick<SignalSink, "receive">,
  signals: readonly Signal[],
  clock: Clock,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await sink.receive(signals);
      return;
    } catch (error) {
      if (tries === MAX_TRIES) throw error;
      await pause(clock, backoffOf(tries, RETRY));
    }
  }
}
