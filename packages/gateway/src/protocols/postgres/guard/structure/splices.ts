import type { Part } from "./checks.ts";
import type { Structure } from "./structure.ts";

/** What stands in a text in the place of its bytes from `start` to before `end`: text and the gateway's own sub-selects. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly parts: readonly Part[];
}

/** Stands for one of the gateway's sub-selects. No key holds a quote. */
export const markOf = (key: string): string => `(SELECT '${key}')`;

/** The text that goes upstream. */
export function sentText(sql: string, splices: readonly Splice[], operations: readonly Covering[]): string {
  return sentBytes(Buffer.from(sql), splices, operations).toString("utf8");
}

/** Whoever covers a text that is changed knows the sub-selects. */
interface Covering {
  readonly common: Structure | undefined;
}

/** The bytes of the text that goes upstream. */
export function sentBytes(
  bytes: Buffer,
  splices: readonly Splice[],
  operations: readonly Covering[],
): Buffer {
  const structure = operations.find((each) => each.common !== undefined)?.common;
  return applied(bytes, splices, (key) => {
    if (structure === undefined) throw new TypeError("nobody knows what is to be sent");
    return structure.fragment(key);
  });
}

/** A text with its splices. @param fragment gives a sub-select by its key */
export function applied(
  bytes: Buffer,
  splices: readonly Splice[],
  fragment: (key: string) => string,
): Buffer {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { start, end, parts } of splices) {
    if (start > at) pieces.push(bytes.subarray(at, start));
    for (const part of parts)
      pieces.push(Buffer.from(typeof part === "string" ? part : fragment(part.fragment)));
    at = Math.max(at, end);
  }
  pieces.push(bytes.subarray(at));
  return Buffer.concat(pieces);
}
