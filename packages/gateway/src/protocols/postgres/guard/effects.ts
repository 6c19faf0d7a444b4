import { as, constant, type Fields, kindOf, list, text } from "./syntax/nodes.ts";
import { changeableSetting } from "./statements/setting-rules.ts";
import { durationMs } from "./setting-time.ts";
import type { Work } from "./work.ts";

/**
 * What a statement does beyond its own answer: to the names of prepared statements and portals, which SQL and the
 * protocol share, or to what the client may send next.
 */
export type Effect =
  | { readonly kind: "prepare" | "deallocate" | "declare" | "fetch"; readonly name: string }
  /** With each value that it passes; undefined where the text does not tell. */
  | { readonly kind: "execute"; readonly name: string; readonly values: readonly (string | undefined)[] }
  | { readonly kind: "deallocate all" }
  /** A time-out that the gateway shortens too: to so many milliseconds (0: none), or back to what the session began with. */
  | {
      readonly kind: "set time-out";
      readonly name: string;
      readonly ms: number | undefined;
      readonly isLocal: boolean;
    }
  | { readonly kind: "reset all" }
  | { readonly kind: "discard all" }
  | { readonly kind: "copy in" }
  | { readonly kind: "none" };

const none: readonly Effect[] = [];

/** What each statement of a parsed text does beyond its own answer; empty when none does anything. */
export function effectsOf(statements: readonly unknown[], work: Work): readonly Effect[] {
  const effects = statements.map((statement) => effectOf(statement, work));
  return effects.some(({ kind }) => kind !== "none") ? effects : none;
}

function effectOf(statement: unknown, work: Work): Effect {
  const kind = kindOf(statement);
  const bare: unknown = kind === undefined ? undefined : (statement as Fields)[kind];
  const fields: Fields = typeof bare === "object" && bare !== null ? (bare as Fields) : {};
  switch (kind) {
    case "PrepareStmt":
      return { kind: "prepare", name: clipped(text(fields.name)) };
    case "DeclareCursorStmt":
      return { kind: "declare", name: clipped(text(fields.portalname)) };
    case "FetchStmt":
      return { kind: "fetch", name: clipped(text(fields.portalname)) };
    case "ExecuteStmt":
      return {
        kind: "execute",
        name: clipped(text(fields.name)),
        values: list(fields.params).map((value) => passed(value, work)),
      };
    case "ExplainStmt":
      // With ANALYZE it runs what it explains.
      return kindOf(fields.query) === "ExecuteStmt" ? effectOf(fields.query, work) : { kind: "none" };
    case "CopyStmt":
      return { kind: fields.is_from === true ? "copy in" : "none" };
    case "DeallocateStmt":
      return fields.isall === true
        ? { kind: "deallocate all" }
        : { kind: "deallocate", name: clipped(text(fields.name)) };
    case "DiscardStmt":
      return { kind: fields.target === "DISCARD_ALL" ? "discard all" : "none" };
    case "VariableSetStmt":
      return effectOfSet(fields, work);
    default:
      return { kind: "none" };
  }
}

function passed(value: unknown, work: Work): string | undefined {
  const written = constant(as("TypeCast", value)?.arg ?? value, work);
  return written === null ? "" : written;
}

function effectOfSet(set: Fields, work: Work): Effect {
  const kind = text(set.kind);
  if (kind === "VAR_RESET_ALL") return { kind: "reset all" };
  const name = text(set.name).toLowerCase();
  if (changeableSetting(name)?.kind !== "timeout") return { kind: "none" };
  const isLocal = set.is_local === true;
  if (kind !== "VAR_SET_VALUE") return { kind: "set time-out", name, ms: undefined, isLocal };
  const value = constant(list(set.args)[0], work);
  return { kind: "set time-out", name, ms: durationMs(value ?? "") ?? 0, isLocal };
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
