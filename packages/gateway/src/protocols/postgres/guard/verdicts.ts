import { denialOf } from "../../../gate/hints.ts";
import type { Denial, NamedScope, Verdict } from "../../../gate/protocol.ts";
import type { PostgresAct } from "../act.ts";
import type { PostgresScope } from "../scope.ts";
import { type Compiled, compileScope } from "./compile.ts";
import { parse } from "./grammar.ts";
import { Recent } from "./recent.ts";
import { Refusal } from "./refusal.ts";
import { constantsRead, shapeOf } from "./shape.ts";
import { checkStatement } from "./statements.ts";
import { coverWords } from "./words.ts";

/** Bounds of the verdicts kept for one grant. */
const keptVerdicts = 2000;
const keptCharacters = 4_000_000;

/**
 * Turns a grant's scopes into one pure check. `loadGrammar` must have run.
 * @param scopes the grant's operations; a text is permitted when for every statement in it one operation covers it
 * @param searchPath the schemas that the gateway fixed upstream for unqualified names
 */
export function compileScopes(
  scopes: readonly NamedScope<PostgresScope>[],
  searchPath: readonly string[] = ["public"],
): (act: PostgresAct) => Verdict {
  const compiled = scopes.map(({ name, scope }) => compileScope(name, scope, searchPath));
  const covers = coverWords(compiled);
  const recent = new Recent<Verdict>(keptVerdicts, keptCharacters);
  return ({ sql }) => {
    const kept = recent.get(sql);
    if (kept !== undefined) return kept;
    // No text holds a NUL, so that a shape never meets a text of its own spelling.
    const shape = shapeOf(sql);
    const shapeKey = shape === undefined ? undefined : `\0${shape}`;
    const keptForShape = shapeKey === undefined ? undefined : recent.get(shapeKey);
    if (keptForShape !== undefined) return keptForShape;
    const before = constantsRead();
    const verdict = judge(sql, compiled, covers);
    // A denial can name a place in the text, and is nothing to be fast about.
    const isShared = verdict.verdict === "permit" && constantsRead() === before;
    const key = shapeKey !== undefined && isShared ? shapeKey : sql;
    recent.set(key, verdict, key.length + 300);
    return verdict;
  };
}

function judge(sql: string, scopes: readonly Compiled[], covers: string): Verdict {
  try {
    const { statements } = parse(sql);
    const used = new Set<string>();
    for (const statement of statements) used.add(cover(statement, scopes));
    const [first] = scopes;
    if (first === undefined) throw new Refusal("statements", "the grant has no operation");
    // An empty text does nothing: drivers ping with it.
    return { verdict: "permit", operation: used.size === 0 ? first.name : [...used].join(", ") };
  } catch (error) {
    return { verdict: "deny", denial: deny(error, scopes, covers) };
  }
}

/** A refusal, with the operation whose scope refused. */
const refusedBy = new WeakMap<Refusal, string>();

/**
 * @returns the operation that covers the statement
 * @throws Refusal of the operation that came nearest to covering it
 */
function cover(statement: unknown, scopes: readonly Compiled[]): string {
  let nearest: Refusal | undefined;
  for (const scope of scopes) {
    try {
      checkStatement(statement, scope);
      return scope.name;
    } catch (error) {
      const refusal = error instanceof Refusal ? error : beyond(error);
      refusedBy.set(refusal, scope.name);
      if (nearest === undefined || rank(refusal) > rank(nearest)) nearest = refusal;
    }
  }
  throw nearest ?? new Refusal("statements", "the grant has no operation");
}

/** An operation that grants the statement's kind came nearer than one that does not. */
function rank(refusal: Refusal): number {
  return refusal.rule === "statements" ? 0 : refusal.rule === "tables" ? 1 : 2;
}

/** Anything else that is thrown denies too: the stack's end, or an error of the guard itself. */
function beyond(error: unknown): Refusal {
  return error instanceof RangeError
    ? new Refusal("limits", "the statement is nested too deeply to be judged", "write it with less nesting")
    : new Refusal("grammar", "the statement could not be judged, so it is denied");
}

function deny(error: unknown, scopes: readonly Compiled[], covers: string): Denial {
  const refusal = error instanceof Refusal ? error : beyond(error);
  const name = refusedBy.get(refusal) ?? scopes.map((scope) => scope.name).join(", ");
  const { rule, message, remedy, advice } = refusal;
  const connection = scopes[0]?.name.split("/")[0] ?? "CONNECTION";
  return denialOf({ rule: `${name}: ${rule}`, message, remedy, advice, covers, connection });
}
