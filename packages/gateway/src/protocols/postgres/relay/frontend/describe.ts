import { decodeTarget } from "../../wire/codec.ts";
import { type } from "../../wire/framing.ts";
import { Expected } from "../expected.ts";
import type { Portal, Statement } from "../shared.ts";
import { untold } from "./effects.ts";
import { errorOf, refuse } from "./refusing.ts";
import type { FrontendState } from "./state.ts";

/** Describe ('D'): asks what a statement or portal takes and gives. @returns false when it has to wait */
export function describe(state: FrontendState, start: number, end: number): boolean {
  const { statements, portals, expected } = state.shared;
  const { kind, name } = decodeTarget(state.chunk, start + 5, end);
  const made = kind === "P" ? portals.lookup(name) : statements.lookup(name);
  if (made === "unsettled") return false;
  const refused = made === "unknown" ? undefined : undescribed(state, made);
  if (refused === "unsettled") return false;
  const entry = new Expected(type.describe);
  if (refused === undefined) {
    if (made !== "unknown") noteDescribed(entry, "statement" in made ? made.statement : made);
    expected.add(entry);
  } else refuse(state, entry, start, end, refused);
  return true;
}

/** Where columns are masked, the answer tells where they are. */
function noteDescribed(entry: Expected, statement: Statement): void {
  if (statement.masks === undefined) return;
  entry.described = statement;
  statement.isDescribed = true;
}

/**
 * PostgreSQL looks for the cursor of a FETCH, and for the statement of an EXECUTE, when it describes them, and ends with signal
 * 11, all sessions with it, where the cursor has gone meanwhile (pquery.c, FetchStatementTargetList; seen with 18.4). So they
 * are described right behind what made them.
 */
function undescribed(state: FrontendState, made: Statement | Portal): Buffer | "unsettled" | undefined {
  const { effects = [] } = "statement" in made ? made.statement : made;
  if (!effects.some(({ kind }) => kind === "fetch" || kind === "execute")) return undefined;
  if (made.madeAt !== state.ran)
    return errorOf(
      "0A000",
      "FETCH, MOVE and EXECUTE are described right behind the Parse or Bind that made them, since the cursor may be gone later",
      "send Describe before anything else, or parse it again",
    );
  return untold(state, effects);
}
