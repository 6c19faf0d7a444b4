import type { Compiled } from "./compile.ts";
import { GuardDenied } from "./denied.ts";
import { checkPlanning } from "./planning/planning.ts";
import { checkStatement } from "./statements/statements.ts";
import type { Changes } from "./structure/changes.ts";
import type { Work } from "./work.ts";

/** The operation that covers a statement, and what has to be changed in it. */
export interface Covering {
  readonly scope: Compiled;
  readonly changes: Changes;
}

/**
 * @returns the operation that covers the statement: rather one that lets it go on as it stands, and masks nothing
 * @throws GuardDenied of the operation that came nearest to covering it, or where nothing could end its planning
 */
export function cover(statement: unknown, scopes: readonly Compiled[], work: Work): Covering {
  const found = firstCovering(statement, scopes, work);
  checkPlanning(statement, work);
  return found;
}

function firstCovering(statement: unknown, scopes: readonly Compiled[], work: Work): Covering {
  let nearest: GuardDenied | undefined;
  let changed: Covering | undefined;
  for (const scope of scopes) {
    if (changed !== undefined && changed.changes.masked.length === 0 && !scope.catalog) continue;
    try {
      const changes = checkStatement(statement, scope, work);
      if (changes.isEmpty && changes.masked.length === 0) return { scope, changes };
      if (changed === undefined || masksLess(changes, changed.changes)) changed = { scope, changes };
    } catch (error) {
      const refusal = error instanceof GuardDenied ? error : beyond(error);
      refusal.operation = scope.name;
      if (nearest === undefined || rank(refusal) > rank(nearest)) nearest = refusal;
    }
  }
  if (changed !== undefined) return changed;
  throw nearest ?? new GuardDenied("statements", "the grant has no operation");
}

/** Another operation of the grant may show a column as it is. */
function masksLess(one: Changes, other: Changes): boolean {
  return one.masked.length < other.masked.length;
}

/** An operation that grants the statement's kind came nearer than one that does not. */
function rank(refusal: GuardDenied): number {
  return refusal.rule === "statements" ? 0 : refusal.rule === "tables" ? 1 : 2;
}

/** Anything else that is thrown denies too: the stack's end, or an error of the guard itself. */
export function beyond(error: unknown): GuardDenied {
  return error instanceof RangeError
    ? new GuardDenied(
        "limits",
        "the statement is nested too deeply to be judged",
        "write it with less nesting",
      )
    : new GuardDenied("grammar", "the statement could not be judged, so it is denied");
}
