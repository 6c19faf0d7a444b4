import type { SessionEnd, StillRunning } from "./gate.ts";
import type { Progress } from "./live-session.ts";
import type { SessionParts } from "./session.ts";

/** How a session closed. */
interface Closing extends SessionEnd {
  readonly milliseconds: number;
  readonly stillRunning: StillRunning | undefined;
}

/** Records that a session has ended, and tells what goes on. A failing log must not keep one open. */
export function recordClosing<Act, Cover>(
  { live, log, turn, denials, context, ...parts }: SessionParts<Act, Cover>,
  { acts, denied }: Progress<Act>,
  { cause, words, milliseconds, stillRunning }: Closing,
): void {
  const leftOut = denials.consumeLeftOut(live);
  try {
    log.append({
      ...context,
      type: "session.closed",
      detail: {
        acts,
        cause,
        denied,
        // Denied acts of the grant that have no record of their own.
        ...(leftOut > 0 ? { left_out_before: leftOut } : {}),
        milliseconds,
        reason: words,
        ...(stillRunning === undefined
          ? {}
          : { still_running: { acts: [...stillRunning.acts], process: stillRunning.process } }),
        ...(live.grant.traceparent === undefined ? {} : { traceparent: live.grant.traceparent }),
      },
    });
    turn.written();
  } catch {
    // The session ends all the same.
  }
  if (stillRunning !== undefined) parts.stillRunning(stillRunning);
}
