import { messageOf } from "../kernel/errors.ts";
import type { ActRecords } from "./act-records.ts";
import type { Decision } from "./gate.ts";
import type { Progress } from "./live-session.ts";
import type { Permit } from "./permit.ts";
import type { Denial } from "./protocol.ts";
import type { SessionParts } from "./session.ts";
import { unrecorded } from "./turn.ts";

/** Makes what denies the acts of one session: it counts them, and records those that are not too many. */
export function createDeny<Act, Cover>(
  { live, turn, denials, judged }: SessionParts<Act, Cover>,
  records: ActRecords<Cover>,
  progress: Progress<Act>,
): (denial: Denial, detail: string, repeats?: Permit<Cover>) => Decision<Cover> {
  return (denial, detail, repeats) => {
    progress.denied += 1;
    judged("deny");
    const counted = denials.count(live);
    if (counted === undefined) return { kind: "deny", denial };
    try {
      records.denial(denial, detail, counted.leftOut, repeats);
      turn.written();
    } catch (error) {
      return { kind: "deny", denial: unrecorded(messageOf(error)) };
    }
    return { kind: "deny", denial };
  };
}
