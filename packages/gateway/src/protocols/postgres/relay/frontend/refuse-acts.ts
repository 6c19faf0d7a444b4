import { Control } from "../../wire/control.ts";
import { type, u32 } from "../../wire/framing.ts";
import type { ExpectedQueue } from "../expected.ts";
import type { Leaving } from "../outgoing.ts";

/** Messages for which the server owes nothing of their own. */
const unanswered: ReadonlySet<number> = new Set([
  type.flush,
  type.copyData,
  type.copyDone,
  type.copyFail,
  type.terminate,
]);
const acts: ReadonlySet<number> = new Set([type.query, type.parse, type.execute]);

/**
 * Puts a message that surely fails in the place of every act among what has not left yet, and lets their answers be
 * replaced by `error`. For a turn whose records could not be written.
 * @param from the number of the first answer expected for the list
 * @returns what may leave instead: nothing of it needs a permit
 */
export function refuseActs(
  list: readonly Leaving[],
  from: number,
  expected: ExpectedQueue,
  error: Buffer,
): Control[] {
  const instead: Control[] = [];
  let number = from;
  for (const part of list) {
    const { bytes } = part;
    // Of the gateway's own: its refusal stands already.
    if (Control.is(part)) instead.push(part);
    for (let at = part.start; at < part.end;) {
      const kind = bytes[at] ?? 0;
      const end = at + 1 + u32(bytes, at + 1);
      if (part.permit !== undefined) {
        if (acts.has(kind)) {
          const entry = expected.at(number);
          if (entry !== undefined) {
            entry.refusal = error;
            entry.permit = undefined;
          }
          instead.push(kind === type.query ? Control.failingQuery : Control.failingParse);
        } else instead.push(Control.of(bytes, at, end));
      }
      if (!unanswered.has(kind)) number += 1;
      at = end;
    }
  }
  return instead;
}
