import type { Condition } from "./types.ts";

/** A condition for people: a permit's as written, a forbid's as `not while …`. */
export function conditionInWords({ kind, text }: Condition): string {
  return kind === "if" ? text : `${kind} ${text}`;
}
