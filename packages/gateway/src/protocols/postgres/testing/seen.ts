import { readFileSync } from "node:fs";
import type { Proposal, ProposalParts, SeenActs } from "../../../gate/inventory/inventory.ts";
import type { NamedScope } from "../../../gate/protocol.ts";
import { compileScopes } from "../guard/verdicts.ts";
import { propose } from "../inventory/propose.ts";
import { assumedDatabase, readStructure } from "../inventory/structure.ts";
import { checkScope, type PostgresScope, scopeSchema } from "../scope.ts";

/** A statement that was seen once, done by `app`, but for what is said otherwise. */
export type Seen = string | (Partial<SeenActs> & Pick<SeenActs, "act">);

/** Statements as a reader of logs hands them on. */
export const seenOf = (statements: readonly Seen[]): readonly SeenActs[] =>
  statements.map((each) => ({
    times: 1,
    by: new Map([["app", 1]]),
    ...(typeof each === "string" ? { act: each } : each),
  }));

/** What is proposed of statements in the schema `public`. */
export const proposalOf = (statements: readonly Seen[], parts: Partial<ProposalParts> = {}): Proposal =>
  propose(seenOf(statements), { minSeen: 1, taken: [], ...parts });

/** The scope that a configuration makes of a draft. @throws Error when it would not load */
export function loaded(written: Readonly<Record<string, unknown>>): PostgresScope {
  const scope = scopeSchema.parse(written);
  const [problem] = checkScope(scope);
  if (problem !== undefined) throw new Error(problem.message);
  return scope;
}

/** The scopes of everything that a proposal says, what is set apart too. */
export const scopesOf = ({ operations, apart }: Proposal): readonly NamedScope<PostgresScope>[] =>
  [...operations, ...apart.flatMap(({ draft }) => draft ?? [])].map(({ name, scope }) => ({
    name: `shop-db/${name}`,
    scope: loaded(scope),
  }));

/** Whether the guard permits a statement by scopes; the structure is read once. */
export function permitsBy(
  parts: Partial<ProposalParts> & { readonly searchPath?: readonly string[] },
): (scopes: readonly PostgresScope[]) => (sql: string) => boolean {
  const { searchPath = ["public"], structure } = parts;
  const database = assumedDatabase(
    structure === undefined ? undefined : readStructure(structure, searchPath[0] ?? ""),
  );
  return (scopes) => {
    const judge = compileScopes(
      scopes.map((scope, index) => ({ name: `shop-db/${index}`, scope })),
      searchPath,
    );
    return (sql) => judge({ sql, database }).kind === "permit";
  };
}

/** A scope without one of its columns, tables, keys, functions and the like, with words for what it lacks. */
export function lessOf(scope: PostgresScope): readonly (readonly [lacks: string, scope: PostgresScope])[] {
  const without = <T>(all: readonly T[], one: T): T[] => all.filter((each) => each !== one);
  const tables = Object.entries(scope.tables).flatMap(([table, entry]) => {
    const { [table]: _, ...others } = scope.tables;
    const having = (changed: unknown): PostgresScope => ({
      ...scope,
      tables: { ...others, [table]: changed as typeof entry },
    });
    const uses: Readonly<Record<string, unknown>> =
      Array.isArray(entry) || entry === "all" ? { select: entry } : entry;
    return [
      [table, { ...scope, tables: others }] as const,
      ...Object.entries(uses).flatMap(([use, listed]) => {
        const rest = Object.fromEntries(Object.entries(uses).filter(([other]) => other !== use));
        const columns: readonly string[] = Array.isArray(listed) ? listed : [];
        return [
          ...(use === "where" ? [] : [[`${use} of ${table}`, having(rest)] as const]),
          ...columns.map(
            (column) =>
              [`${use} of ${table}.${column}`, having({ ...rest, [use]: without(columns, column) })] as const,
          ),
        ];
      }),
    ];
  });
  const lists = (["functions", "procedures", "types", "channels", "settings"] as const).flatMap((member) =>
    scope[member].map((name) => [name, { ...scope, [member]: without(scope[member], name) }] as const),
  );
  return [...tables, ...lists];
}

/** The statements of one of the corpora, and what its database has. */
export function corpusOf(name: "agent" | "everyday"): {
  readonly statements: readonly string[];
  readonly structure: string;
} {
  const read = (file: string): string =>
    readFileSync(new URL(`../../../../../../tests/corpus/${file}`, import.meta.url), "utf8");
  const statements = read(`postgres-${name}.sql`)
    .replaceAll(/^--.*\n/gmu, "")
    .split(/;\n/u)
    .map((sql) => sql.trim())
    .filter((sql) => sql !== "");
  return { statements, structure: read(`postgres-${name}.schema.sql`) };
}
