import { denialOf } from "../../../gate/hints.ts";
import type { Denial, NamedScope, Verdict } from "../../../gate/protocol.ts";
import type { PostgresAct } from "../act.ts";
import type { PostgresScope } from "../scope.ts";
import { isBudgetSpent, MAX_INLINE_WORK, MAX_WORK, startBudget } from "./budget.ts";
import { type Compiled, compileScope } from "./compile.ts";
import { parse } from "./grammar.ts";
import { isCheapToParse } from "./inline.ts";
import { Recent } from "./recent.ts";
import { Refusal } from "./refusal.ts";
import { constantsRead, shapeOf } from "./shape.ts";
import { checkStatement } from "./statements.ts";
import { coverWords } from "./words.ts";

/** Bounds of the verdicts kept for one set of scopes. */
const keptVerdicts = 2000;
const keptCharacters = 4_000_000;

/** A grant's scopes, made ready for judging. */
export interface Judge {
  /** What tells these scopes from others, and a worker what to judge by. */
  readonly key: string;
  readonly scopes: readonly NamedScope<PostgresScope>[];
  readonly searchPath: readonly string[];
  /** Judges an act here and now, whatever it costs. */
  check(act: PostgresAct): Verdict;
  /** A verdict that is known, or undefined. */
  known(sql: string): Verdict | undefined;
  /** A verdict reached with little work, or undefined: then a worker has to judge. */
  quick(sql: string): Verdict | undefined;
  /** Keeps a verdict that a worker reached. */
  keep(sql: string, verdict: Verdict): void;
  /** The denial of a text that a worker could not judge. */
  unjudged(why: string): Verdict;
}

/**
 * Turns a grant's scopes into one pure check. `loadGrammar` must have run.
 * @param scopes the grant's operations; a text is permitted when for every statement in it one operation covers it
 * @param searchPath the schemas that the gateway fixed upstream for unqualified names
 */
export function compileScopes(
  scopes: readonly NamedScope<PostgresScope>[],
  searchPath: readonly string[] = ["public"],
): (act: PostgresAct) => Verdict {
  const judge = judgeOf(scopes, searchPath);
  return (act) => judge.check(act);
}

/** Judges in use, by their key: the gate and the wire part of one grant share one, and grants of like scopes too. */
const judges = new Map<string, WeakRef<Judge>>();
const forgotten = new FinalizationRegistry<string>((key) => {
  if (judges.get(key)?.deref() === undefined) judges.delete(key);
});

/** The one judge of these scopes. */
export function judgeOf(scopes: readonly NamedScope<PostgresScope>[], searchPath: readonly string[]): Judge {
  const key = JSON.stringify([scopes.map(({ name, scope }) => [name, scope]), searchPath]);
  const kept = judges.get(key)?.deref();
  if (kept !== undefined) return kept;
  const judge = createJudge(key, scopes, searchPath);
  judges.set(key, new WeakRef(judge));
  forgotten.register(judge, key);
  return judge;
}

function createJudge(
  key: string,
  scopes: readonly NamedScope<PostgresScope>[],
  searchPath: readonly string[],
): Judge {
  const compiled = scopes.map(({ name, scope }) => compileScope(name, scope, searchPath));
  const covers = coverWords(compiled);
  const recent = new Recent<Verdict>(keptVerdicts, keptCharacters);

  const judged = (sql: string, shapeKey: string | undefined, work: number): Verdict | undefined => {
    const before = constantsRead();
    startBudget(work);
    const verdict = judge(sql, compiled, covers);
    if (work < MAX_WORK && isBudgetSpent()) return undefined;
    // A denial can name a place in the text, and is nothing to be fast about.
    const isShared = verdict.verdict === "permit" && constantsRead() === before;
    const name = shapeKey !== undefined && isShared ? shapeKey : sql;
    recent.set(name, verdict, name.length + 300);
    return verdict;
  };
  // No text holds a NUL, so that a shape never meets a text of its own spelling.
  const shapeKeyOf = (sql: string): string | undefined => {
    const shape = shapeOf(sql);
    return shape === undefined ? undefined : `\0${shape}`;
  };
  const find = (shapeKey: string | undefined): Verdict | undefined =>
    shapeKey === undefined ? undefined : recent.get(shapeKey);

  const made: Judge = {
    key,
    scopes,
    searchPath,
    check(act) {
      // Another judge's verdict says nothing here, and whatever was judged before must not hold up everybody now.
      if (act.judged !== undefined)
        return act.judged.by === made
          ? act.judged.verdict
          : (made.known(act.sql) ??
              made.quick(act.sql) ??
              made.unjudged("the statement must be judged again"));
      const kept = recent.get(act.sql);
      if (kept !== undefined) return kept;
      const shapeKey = shapeKeyOf(act.sql);
      return find(shapeKey) ?? judged(act.sql, shapeKey, MAX_WORK) ?? made.unjudged("it costs too much");
    },
    known(sql) {
      return recent.get(sql) ?? find(shapeKeyOf(sql));
    },
    quick(sql) {
      return isCheapToParse(sql) ? judged(sql, shapeKeyOf(sql), MAX_INLINE_WORK) : undefined;
    },
    keep(sql, verdict) {
      recent.set(sql, verdict, sql.length + 300);
    },
    unjudged: (why) => ({ verdict: "deny", denial: deny(new Refusal("limits", why), compiled, covers) }),
  };
  return made;
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
