import type { SessionEnd } from "./gate.ts";
import type { Progress } from "./live-session.ts";
import type { SessionParts } from "./session.ts";

/** Records that a session has ended. A failing log must not keep one open. */
export function recordClosing<Act, Cover>(
  { live, log, turn, denials, context }: SessionParts<Act, Cover>,
  { acts, denied }: Progress<Act>,
  { cause, words, milliseconds }: SessionEnd & { readonly milliseconds: number },
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
        ...(live.grant.traceparent === undefined ? {} : { traceparent: live.grant.traceparent }),
      },
    });
    turn.written();
  } catch {
    // The session ends all the same.
  }
}
