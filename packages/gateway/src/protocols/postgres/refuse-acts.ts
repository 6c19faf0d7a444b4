import type { ExpectedQueue } from "./expected.ts";
import { type, u32 } from "./framing.ts";
import { failingParse, failingQuery } from "./messages.ts";

/** Messages for which the server owes nothing of their own. */
const unanswered: ReadonlySet<number> = new Set([
  type.flush,
  type.copyData,
  type.copyDone,
  type.copyFail,
  type.terminate,
]);

/**
 * Puts a message that surely fails in the place of every act among messages that have not left yet, and lets their
 * answers be replaced by `error`. For a turn whose records could not be written.
 * @param bytes whole messages
 * @param from the number of the first answer expected for them
 * @returns the messages to send instead
 */
export function refuseActs(
  bytes: Buffer,
  from: number,
  expected: ExpectedQueue,
  error: Buffer,
): readonly Buffer[] {
  const parts: Buffer[] = [];
  let number = from;
  for (let at = 0; at < bytes.length;) {
    const kind = bytes[at] ?? 0;
    const end = at + 1 + u32(bytes, at + 1);
    let part: Buffer = bytes.subarray(at, end);
    if (!unanswered.has(kind)) {
      const entry = expected.at(number);
      number += 1;
      const act = kind === type.query || kind === type.parse || kind === type.execute;
      if (act && entry?.refusal === undefined) {
        if (entry !== undefined) {
          entry.refusal = error;
          entry.permit = undefined;
        }
        part = kind === type.query ? failingQuery : failingParse;
      }
    }
    parts.push(part);
    at = end;
  }
  return parts;
}
