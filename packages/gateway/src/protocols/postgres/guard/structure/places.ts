import type { Structure } from "./structure.ts";
import type { Splice } from "./splices.ts";
import { isSchemaOfName } from "../temporary/places.ts";

/** Code points, as PostgreSQL counts in UTF-8. */
const charactersOf = (text: string): number => Array.from(text).length;

/**
 * A place in the text that went upstream, as one in the client's own: in characters from 1, as errors count them.
 * @returns undefined where the place is in something of the gateway's
 */
export function clientPlace(
  place: number,
  sql: string,
  splices: readonly Splice[],
  structure: Structure | undefined,
): number | undefined {
  const bytes = Buffer.from(sql);
  const characters = (start: number, end: number): number => charactersOf(bytes.toString("utf8", start, end));
  let left = place - 1;
  let own = 0;
  let at = 0;
  for (const { start, end, parts } of splices) {
    const before = characters(at, start);
    if (left < before) return own + left + 1;
    left -= before;
    own += before;
    const added = parts.reduce(
      (sum, part) =>
        sum + charactersOf(typeof part === "string" ? part : (structure?.fragment(part.fragment) ?? "")),
      0,
    );
    // What stands before a name is a part of that name to PostgreSQL.
    if (left < added) return isSchemaOfName({ start, end, parts }) ? own + 1 : undefined;
    left -= added;
    own += characters(start, end);
    at = Math.max(at, end);
  }
  return own + left + 1;
}
