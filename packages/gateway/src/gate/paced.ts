import type { Decision, Session, Wait } from "./gate.ts";
import type { Permit } from "./permit.ts";
import type { SessionParts } from "./session.ts";

/** Judges one act. @param hasPlace it has waited for what came before it */
export type Decide<Act, Cover> = (
  act: Act,
  detail: string,
  repeats?: Permit<Cover>,
  hasPlace?: boolean,
) => Decision<Cover> | Wait;

/** The part of a session that waits, or stops, where its holder comes too fast. @param ended the session's own signal */
export function createPaced<Act, Cover>(
  { log, pace }: Pick<SessionParts<Act, Cover>, "log" | "pace">,
  ended: AbortSignal,
  decide: Decide<Act, Cover>,
): Pick<Session<Act, Cover>, "judgeOrWait" | "pause" | "payload" | "goesOn"> {
  return {
    judgeOrWait(act, detail, waited) {
      const hasPlace = waited?.hasPlace === true;
      const until = hasPlace || ended.aborted ? undefined : pace.place();
      return until === undefined
        ? decide(act, detail, undefined, hasPlace)
        : { kind: "wait", until, hasPlace: true };
    },
    pause: () => pace.pause(),
    payload(bytes) {
      const kept = log.payload(bytes);
      pace.wrote(kept.bytes);
      return kept;
    },
    goesOn: () => log.unavailable === undefined && pace.refusal() === undefined,
  };
}
