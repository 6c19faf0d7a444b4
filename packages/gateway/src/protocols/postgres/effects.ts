import { inspect, type StatementFacts } from "./guard/facts.ts";
import type { Effect } from "./texts.ts";

/** What each statement of a text does beyond its own answer; undefined when the text cannot be read now. */
export function effectsOf(sql: string): readonly Effect[] | undefined {
  let effects: readonly Effect[];
  try {
    effects = inspect(sql).map(effectOf);
  } catch {
    return undefined;
  }
  return effects.some(({ kind }) => kind !== "none") ? effects : [];
}

function effectOf({ command, prepares, declares, deallocates, copy }: StatementFacts): Effect {
  if (command === "EXPLAIN") return { kind: "explain" };
  if (prepares !== undefined) return { kind: "prepare", name: clipped(prepares) };
  if (declares !== undefined) return { kind: "declare", name: clipped(declares) };
  if (copy === "in") return { kind: "copy in" };
  if (deallocates === undefined) return { kind: "none" };
  return "all" in deallocates
    ? { kind: "deallocate all" }
    : { kind: "deallocate", name: clipped(deallocates.name) };
}

/** A name as PostgreSQL keeps it: cut to 63 bytes, between characters (NAMEDATALEN, pg_mbcliplen). */
function clipped(name: string): string {
  let bytes = 0;
  let kept = "";
  for (const character of name) {
    bytes += Buffer.byteLength(character);
    if (bytes > 63) return kept;
    kept += character;
  }
  return kept;
}
