import type { Clock } from "../../kernel/clock.ts";
import { messageOf } from "../../kernel/errors.ts";
import { endsInTime } from "../../kernel/in-time.ts";
import type { InTurn } from "../../kernel/turns.ts";
import type { Destination, Handover } from "../destination.ts";

/** A file system that has not taken a batch by then is told as a failure, milliseconds. */
const ANSWER_TIMEOUT_MS = 30_000;
/** So long a stop waits for a file to be closed, milliseconds. */
const CLOSE_TIMEOUT_MS = 1000;

const late: Handover = {
  kind: "failed",
  why: `the file system has not answered for ${ANSWER_TIMEOUT_MS / 1000} s, or another destination's has not`,
};
const stops: Handover = { kind: "failed", why: "the gateway stops" };

/**
 * A destination whose file system may hang, as one of the network does. A call to it cannot be ended, and keeps one of
 * Node's few threads until it returns: so there is never more than one under way for a destination, and never more for all
 * of them than there are turns. Nobody waits for it longer than told.
 */
export function patientDestination(inner: Destination, inTurn: InTurn, clock: Clock): Destination {
  /** What the file system has not answered yet. */
  let underWay: Promise<Handover> | undefined;

  function begin(run: () => Promise<Handover>, signal: AbortSignal): Promise<Handover> {
    const begun = inTurn(run, signal)
      .catch((error: unknown): Handover => ({ kind: "failed", why: messageOf(error) }))
      .finally(() => {
        underWay = undefined;
      });
    underWay = begun;
    return begun;
  }
  const inTime = (work: Promise<unknown>, signal: AbortSignal): Promise<boolean> =>
    endsInTime(work, ANSWER_TIMEOUT_MS, clock, signal);

  return {
    async send(batch, signal) {
      // What came of it is not known to the stream any more: its records are sent again.
      const isFree = underWay === undefined || (await inTime(underWay, signal));
      if (signal.aborted) return stops;
      if (!isFree) return late;
      const begun = begin(() => inner.send(batch, signal), signal);
      if (await inTime(begun, signal)) return begun;
      return signal.aborted ? stops : late;
    },
    async close() {
      const ended = underWay ?? Promise.resolve();
      const closed = ended.then(() => inTurn(() => inner.close(), new AbortController().signal));
      await endsInTime(closed, CLOSE_TIMEOUT_MS, clock);
    },
  };
}
