import type { NamedScope, Verdict } from "../../../gate/protocol.ts";
import type { PostgresAct, PostgresCover } from "../act.ts";
import type { PostgresScope } from "../scope.ts";
import { MAX_INLINE_WORK, MAX_WORK, Work } from "./work.ts";
import { type Compiled, compileScope, togetherOf } from "./compile.ts";
import { cover } from "./cover.ts";
import { deny } from "./denial.ts";
import { masksOf } from "./masks.ts";
import { type DatabaseFacts, plainDatabase } from "./database.ts";
import { boundedMap } from "../../../kernel/bounded-map.ts";
import { effectsOf } from "./effects.ts";
import { parse, scan } from "./syntax/grammar.ts";
import type { Changes } from "./structure/changes.ts";
import type { Grammar } from "./structure/own-trees.ts";
import { rewrite } from "./structure/rewrite.ts";
import type { Splice } from "./structure/splices.ts";
import { isCheapToParse } from "./inline.ts";
import { GuardDenied } from "./denied.ts";
import { shapeOf } from "./shape.ts";
import { coverWords } from "./words.ts";

/** Bounds of the verdicts kept for one set of scopes. */
const MAX_KEPT_VERDICTS = 2000;
const MAX_KEPT_CHARACTERS = 4_000_000;
/** The verdict on a longer text is not kept: its sender has it. */
const MAX_KEPT_TEXT = 262_144;

/** A verdict as it goes from thread to thread: its operations by their place among the judge's. */
export type PlainVerdict = Verdict<
  Omit<PostgresCover, "operations"> & { readonly operations: readonly number[] }
>;

/** A grant's scopes, made ready for judging. */
export interface Judge {
  /** What tells these scopes from others, and a worker what to judge by. */
  readonly key: string;
  readonly scopes: readonly NamedScope<PostgresScope>[];
  readonly searchPath: readonly string[];
  readonly database: DatabaseFacts;
  /** Judges an act here and now, whatever it costs. */
  check(act: PostgresAct): Verdict<PostgresCover>;
  /** A verdict that is known, or undefined. */
  known(sql: string): Verdict<PostgresCover> | undefined;
  /** A verdict reached with little work, or undefined: then a worker has to judge. */
  quick(sql: string): Verdict<PostgresCover> | undefined;
  /** A verdict as plain data, to be told to another thread's judge of the same scopes. */
  plain(verdict: Verdict<PostgresCover>): PlainVerdict;
  /** Takes and keeps a verdict that a worker reached. */
  keep(sql: string, verdict: PlainVerdict): Verdict<PostgresCover>;
  /** The denial of a text that a worker could not judge. */
  unjudged(why: string): Verdict<PostgresCover>;
}

/**
 * Turns a grant's scopes into one pure check. `loadGrammar` must have run.
 * @param scopes the grant's operations; a text is permitted when for every statement in it one operation covers it
 * @param searchPath the schemas that the gateway fixed upstream for unqualified names
 * @param judges where the wire part of the same gateway finds the same judge
 */
export function compileScopes(
  scopes: readonly NamedScope<PostgresScope>[],
  searchPath: readonly string[] = ["public"],
  judges: Judges = createJudges(),
): (act: PostgresAct) => Verdict<PostgresCover> {
  const plain = judges.of(scopes, searchPath, plainDatabase);
  let latest = plain;
  return (act) => {
    if (act.database === undefined) return plain.check(act);
    // A session's acts bring what its database was found to have.
    if (act.database.key !== latest.database.key) latest = judges.of(scopes, searchPath, act.database);
    return latest.check(act);
  };
}

/** The judges in use of one gateway. */
export interface Judges {
  /** The one judge of these scopes. */
  of(
    scopes: readonly NamedScope<PostgresScope>[],
    searchPath: readonly string[],
    database: DatabaseFacts,
  ): Judge;
}

/** Keeps judges by what they judge by: the gate and the wire part of one grant share one, and grants of like scopes too. */
export function createJudges(): Judges {
  const judges = new Map<string, WeakRef<Judge>>();
  const forgotten = new FinalizationRegistry<string>((key) => {
    if (judges.get(key)?.deref() === undefined) judges.delete(key);
  });
  return {
    of(scopes, searchPath, database) {
      const key = JSON.stringify([scopes.map(({ name, scope }) => [name, scope]), searchPath, database.key]);
      const kept = judges.get(key)?.deref();
      if (kept !== undefined) return kept;
      const judge = createJudge(key, scopes, searchPath, database);
      judges.set(key, new WeakRef(judge));
      forgotten.register(judge, key);
      return judge;
    },
  };
}

function createJudge(
  key: string,
  scopes: readonly NamedScope<PostgresScope>[],
  searchPath: readonly string[],
  database: DatabaseFacts,
): Judge {
  const together = togetherOf(
    scopes.map(({ scope }) => scope),
    searchPath,
    database,
  );
  const compiled = scopes.map(({ name, scope }) => compileScope(name, scope, searchPath, database, together));
  const covers = coverWords(compiled);
  const recent = boundedMap<Verdict<PostgresCover>>(MAX_KEPT_VERDICTS, MAX_KEPT_CHARACTERS);

  const judged = (
    sql: string,
    shapeKey: string | undefined,
    budget: number,
  ): Verdict<PostgresCover> | undefined => {
    const work = new Work(budget);
    const verdict = judge(sql, compiled, covers, work);
    if (budget < MAX_WORK && work.isSpent) return undefined;
    // A denial can name a place in the text, and is nothing to be fast about.
    const isShared =
      verdict.kind === "permit" && !work.hasReadConstant && verdict.cover.splices === undefined;
    const name = shapeKey !== undefined && isShared ? shapeKey : sql;
    if (name.length <= MAX_KEPT_TEXT) recent.set(name, verdict, name.length + weightOf(verdict));
    return verdict;
  };
  // No text holds a NUL, so that a shape never meets a text of its own spelling.
  const shapeKeyOf = (sql: string): string | undefined => {
    const shape = shapeOf(sql);
    return shape === undefined ? undefined : `\0${shape}`;
  };
  const find = (shapeKey: string | undefined): Verdict<PostgresCover> | undefined =>
    shapeKey === undefined ? undefined : recent.get(shapeKey);

  const made: Judge = {
    key,
    scopes,
    searchPath,
    database,
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
    plain(verdict) {
      if (verdict.kind !== "permit") return verdict;
      const { operations, ...rest } = verdict.cover;
      return { ...verdict, cover: { operations: operations.map((each) => compiled.indexOf(each)), ...rest } };
    },
    keep(sql, plain) {
      let verdict: Verdict<PostgresCover>;
      if (plain.kind === "permit") {
        const { operations, ...rest } = plain.cover;
        const cover = { operations: compiled.filter((_, place) => operations.includes(place)), ...rest };
        verdict = { ...plain, cover };
      } else verdict = plain;
      if (sql.length <= MAX_KEPT_TEXT) recent.set(sql, verdict, sql.length + weightOf(verdict));
      return verdict;
    },
    unjudged: (why) => ({ kind: "deny", denial: deny(new GuardDenied("limits", why), compiled, covers) }),
  };
  return made;
}

/** What a kept verdict takes beside its text, in characters. */
function weightOf(verdict: Verdict<PostgresCover>): number {
  const splices = verdict.kind === "permit" ? (verdict.cover.splices ?? []) : [];
  return 300 + 200 * splices.length;
}

function judge(sql: string, scopes: readonly Compiled[], covers: string, work: Work): Verdict<PostgresCover> {
  try {
    const { statements } = parse(sql);
    const used = new Set<Compiled>();
    const covering = statements.map((statement) => cover(statement, scopes, work));
    for (const { scope } of covering) used.add(scope);
    const changes = covering.map((each) => each.changes);
    const masks = masksOf(covering, scopes);
    const [first] = scopes;
    if (first === undefined) throw new GuardDenied("statements", "the grant has no operation");
    // An empty text does nothing: drivers ping with it.
    const operations = used.size === 0 ? [first] : [...used];
    const splices = splicesFor(sql, statements, changes, operations, work);
    const bounds = changes.flatMap((each) => each.bounds);
    return {
      kind: "permit",
      operation: operations.map(({ name }) => name).join(", "),
      cover: {
        operations,
        effects: effectsOf(statements, work),
        ...(bounds.length === 0 ? {} : { bounds }),
        ...(splices === undefined ? {} : { splices }),
        ...(masks === undefined ? {} : { masks }),
      },
    };
  } catch (error) {
    return { kind: "deny", denial: deny(error, scopes, covers, sql) };
  }
}

/** What the catalogue's parts in a text become; undefined: nothing of it is changed. */
function splicesFor(
  sql: string,
  statements: readonly unknown[],
  changes: readonly Changes[],
  operations: readonly Compiled[],
  work: Work,
): readonly Splice[] | undefined {
  if (changes.every(({ isEmpty }) => isEmpty)) return undefined;
  const structure = operations.find((each) => each.common !== undefined)?.common;
  return rewrite(sql, statements, changes, structure, grammar, work);
}

const grammar: Grammar = { parse: (sql) => parse(sql).statements, scan };
