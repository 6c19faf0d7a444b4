import { readFileSync } from "node:fs";
import type { NamedScope } from "../../../gate/protocol.ts";
import { type DatabaseFacts, plainDatabase, withFound } from "../guard/database.ts";
import { type PostgresScope, scopeSchema } from "../scope.ts";
import { foundOf, type Row as FoundRow } from "../upstream/found/answer.ts";

/** One case of the corpus that is a text, with the scope that it is judged by. */
export interface CorpusCase {
  readonly id: string;
  readonly sql: string;
  readonly scope: NamedScope<PostgresScope>;
  readonly expected: "allow" | "deny";
  /** What the database is found to have. */
  readonly database: DatabaseFacts;
}

interface Row {
  readonly id: string;
  readonly category?: string;
  readonly scope: string;
  readonly payload: string;
  readonly expected: "allow" | "deny";
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../../../../../tests/corpus/${name}`, import.meta.url), "utf8"));
}

const { scopes, corpus } = read("postgres-scopes.json") as {
  readonly scopes: Readonly<Record<string, unknown>>;
  readonly corpus: Readonly<Record<string, string>>;
};

/**
 * What the corpus's own database is found to have, as the server answers it; a test holds it against a real one. Of
 * extensions a few names, some of which somebody else has too.
 */
export const foundRows = read("postgres-found.json") as {
  readonly database: readonly FoundRow[];
  readonly extensions: readonly FoundRow[];
};
const database = withFound(plainDatabase, foundOf([...foundRows.database, ...foundRows.extensions]));

/** A scope of the corpus by its name. @throws when there is none */
export function corpusScope(name: string): NamedScope<PostgresScope> {
  return { name: `shop-db/${name}`, scope: scopeSchema.parse(scopes[name]) };
}

function ownScope(text: string): NamedScope<PostgresScope> {
  const name = corpus[text];
  if (name === undefined) throw new Error(`no scope is written for the corpus's: ${text}`);
  return corpusScope(name);
}

const wire = new Set(read("postgres-wire.json") as readonly string[]);

/**
 * Given cases that come out otherwise, and why: the reason that they were given with does not hold here.
 * "drops gateway-set session limits": what the gateway sets is part of the session's start, and a reset goes back to that.
 */
const otherwise: ReadonlyMap<string, CorpusCase["expected"]> = new Map([["pg-session-04", "allow"]]);

/** The given corpus's cases that are texts; those on the wire are held by the session's tests. */
export function givenCases(): readonly CorpusCase[] {
  return (read("postgres.json") as readonly Row[])
    .filter(({ id }) => !wire.has(id))
    .map(({ id, payload, scope, expected }) => ({
      id,
      database,
      // The case says that its runner repeats the operator.
      sql: id === "pg-dos-05" ? `SELECT 'a'${"||'a'".repeat(20_000)}` : payload,
      scope: ownScope(scope),
      expected: otherwise.get(id) ?? expected,
    }));
}

/** Ids of the given corpus's cases on the wire, by their category. */
export function wireIds(): readonly string[] {
  return (read("postgres.json") as readonly Row[])
    .filter(({ category }) => category?.startsWith("wire") === true)
    .map(({ id }) => id);
}

/** Mayfly's own cases. */
export function ownCases(): readonly CorpusCase[] {
  return (read("postgres-own.json") as readonly Row[]).map(({ id, payload, scope, expected }) => ({
    id,
    database,
    sql: payload,
    scope: corpusScope(scope),
    expected,
  }));
}
