import { loadGrammar } from "../../guard/syntax/grammar.ts";
import { compileScopes } from "../../guard/verdicts.ts";
import { sentBy } from "../sent.ts";
import { type Oracle, stageFacts } from "./oracle.ts";
import { type ScopeName, scopes } from "./stage.ts";
import { type Candidate, type Construct, statements } from "./statements.ts";

/** A statement that was permitted and reaches what its scope does not grant. */
export interface Escape {
  readonly sql: string;
  readonly scope: ScopeName;
  readonly reaches: readonly string[];
}

/** What a search has seen. */
export interface Figures {
  made: number;
  permitted: number;
  /** Of those, the ones that the database takes too. */
  accepted: number;
  readonly escapes: Escape[];
  /** By construct: permitted statements that the database takes. */
  readonly constructs: Map<Construct, number>;
  /** A sample of what was refused: how many, taken by the database, and reaching only what is granted. */
  readonly refused: { asked: number; accepted: number; clean: number };
}

/** What a guard sends on in the place of a statement, under one of the stage's scopes; undefined: it refuses. */
export type Guard = (sql: string, scope: ScopeName) => string | undefined;

/** The guard as the gateway uses it, told of what the stage has on its search path. */
export async function realGuard(): Promise<Guard> {
  await loadGrammar();
  const judges = new Map(
    Object.entries(scopes).map(([name, scope]) => [name, compileScopes([{ name: `shop/${name}`, scope }])]),
  );
  return (sql, scope) => {
    const verdict = judges.get(scope)?.({ sql, database: stageFacts });
    return verdict === undefined ? undefined : sentBy(verdict, sql);
  };
}

/** Statements that are asked in one round trip. */
const BATCH = 200;
/** One of so many refused statements is asked about. */
const SAMPLED = 10;

/**
 * Makes statements, asks the guard, and for each that it permits asks the database.
 * @param isEnough told after every batch
 */
export async function search(
  oracle: Oracle,
  guard: Guard,
  seed: number,
  isEnough: (figures: Figures) => boolean,
): Promise<Figures> {
  const make = statements(seed);
  const figures: Figures = {
    made: 0,
    permitted: 0,
    accepted: 0,
    escapes: [],
    constructs: new Map(),
    refused: { asked: 0, accepted: 0, clean: 0 },
  };
  while (!isEnough(figures)) {
    const permitted: (Candidate & { readonly sent: string })[] = [];
    const refused: Candidate[] = [];
    while (permitted.length < BATCH) {
      const candidate = make();
      figures.made += 1;
      const sent = guard(candidate.sql, candidate.scope);
      if (sent !== undefined) permitted.push({ ...candidate, sent });
      else if (figures.made % SAMPLED === 0) refused.push(candidate);
    }
    figures.permitted += permitted.length;
    const asked = [...permitted.map(({ sent }) => sent), ...refused.map(({ sql }) => sql)];
    const found = await oracle.ask(asked);
    for (const [index, { sql, scope, constructs }] of permitted.entries()) {
      const reached = found[index];
      if (reached?.ok !== true) continue;
      figures.accepted += 1;
      for (const construct of constructs)
        figures.constructs.set(construct, (figures.constructs.get(construct) ?? 0) + 1);
      const reaches = oracle.escapes(reached, scope);
      if (reaches.length > 0) figures.escapes.push({ sql, scope, reaches });
    }
    for (const [index, { scope }] of refused.entries()) {
      const reached = found[permitted.length + index];
      figures.refused.asked += 1;
      if (reached?.ok !== true) continue;
      figures.refused.accepted += 1;
      if (oracle.escapes(reached, scope).length === 0) figures.refused.clean += 1;
    }
  }
  return figures;
}

/** Of all statements that the database takes and that reach only what is granted, the share that is refused. */
export function strictness({ accepted, escapes, made, permitted, refused }: Figures): number {
  const clean = (refused.clean / Math.max(1, refused.asked)) * (made - permitted);
  return clean / Math.max(1, clean + accepted - escapes.length);
}

const token = /"[^"]*"|'[^']*'|[\w$]+|::|\S/gu;
const spans = [64, 32, 16, 12, 8, 6, 5, 4, 3, 2, 1];

/** The shortest statement found by leaving parts out that is still permitted and still an escape. */
export async function shrink(oracle: Oracle, guard: Guard, escape: Escape): Promise<Escape> {
  let best = escape;
  for (;;) {
    const parts = best.sql.match(token) ?? [];
    const shorter = spans
      .flatMap((span) => parts.map((_, at) => [...parts.slice(0, at), ...parts.slice(at + span)].join(" ")))
      .filter((sql) => sql.length < best.sql.length)
      .flatMap((sql) => {
        const sent = guard(sql, best.scope);
        return sent === undefined ? [] : [{ sql, sent }];
      });
    const found = await oracle.ask(shorter.map(({ sent }) => sent));
    const next = shorter
      .map(({ sql }, index): Escape => {
        const reached = found[index] ?? { ok: false };
        return { sql, scope: best.scope, reaches: oracle.escapes(reached, best.scope) };
      })
      .filter(({ reaches }) => reaches.length > 0)
      .toSorted((one, two) => one.sql.length - two.sql.length)[0];
    if (next === undefined) return best;
    best = next;
  }
}
