// tier: full
// What is proposed of whole corpora of statements, each held against the guard.
import { beforeAll, describe, expect, it } from "vitest";
import type { Proposal } from "../../../gate/inventory/inventory.ts";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import type { PostgresScope } from "../scope.ts";
import { corpusOf, lessOf, loaded, permitsBy, proposalOf, scopesOf } from "../testing/seen.ts";

beforeAll(loadGrammar);

/** `CREATE TABLE` and the like alone: a corpus's schema has rows too. */
const withoutRows = (structure: string): string =>
  structure.replaceAll(/^(?:INSERT INTO|SELECT setval)[^;]*;$/gmu, "");

/** Functions that `catalog: granted` opens, so that they need no listing. */
const needless = /pg_postmaster_start_time/u;

describe.each([
  { name: "agent", schema: "crm", hasStructure: false },
  { name: "agent", schema: "crm", hasStructure: true },
  { name: "everyday", schema: "public", hasStructure: false },
  { name: "everyday", schema: "public", hasStructure: true },
] as const)("of the $name statements, with a structure: $hasStructure", ({ name, schema, hasStructure }) => {
  const corpus = corpusOf(name);
  const parts = {
    target: { search_path: [schema] },
    ...(hasStructure ? { structure: withoutRows(corpus.structure) } : {}),
  };
  const { statements } = corpus;
  let permits: ReturnType<typeof permitsBy>;
  let together: Proposal;
  let apiece: readonly (readonly [sql: string, proposal: Proposal])[];
  beforeAll(() => {
    permits = permitsBy({ searchPath: [schema], ...parts });
    together = proposalOf(statements, parts);
    apiece = statements.map((sql) => [sql, proposalOf([sql], parts)]);
  });
  /** Those of which nothing is left without a scope, with all scopes that they need. */
  const granted = (): readonly (readonly [sql: string, scopes: readonly PostgresScope[], sure: boolean])[] =>
    apiece
      .filter(([, { apart }]) => apart.every(({ draft }) => draft !== undefined))
      .map(([sql, proposal]) => [
        sql,
        scopesOf(proposal).map(({ scope }) => scope),
        // A note says which columns may be another table's; drafts have none.
        proposal.apart.length === 0 &&
          proposal.operations.every(({ notes }) => !notes.join(" ").includes("nobody has said")),
      ]);

  it("everything that is proposed loads, and grants each statement that is not told as uncovered", () => {
    const isPermitted = permits(scopesOf(together).map(({ scope }) => scope));
    expect(new Set(together.operations.map((each) => each.name)).size).toBe(together.operations.length);
    const uncovered = apiece
      .filter(([, { apart }]) => apart.some(({ draft }) => draft === undefined))
      .map(([sql]) => sql);
    expect(statements.filter((sql) => !uncovered.includes(sql) && !isPermitted(sql))).toEqual([]);
    expect(uncovered.length).toBeLessThan(statements.length / 20);
  });

  it("what one statement needs covers it, alone or beside drafts", () => {
    const refused = granted().filter(([sql, scopes]) => scopes.length > 0 && !permits(scopes)(sql));
    expect(refused.map(([sql]) => sql)).toEqual([]);
  });

  it("what covers one statement no longer does without any one column, table, key or function", () => {
    const needed = granted()
      .filter(([sql, , isSure]) => isSure && !needless.test(sql))
      .flatMap(([sql, scopes]) =>
        scopes.flatMap((scope, index) =>
          lessOf(scope)
            .filter(([, less]) => permits(scopes.toSpliced(index, 1, less))(sql))
            .map(([lacks]) => `${lacks}: ${sql}`),
        ),
      );
    expect(needed).toEqual([]);
  });

  it("each part of an operation is needed by some statement of it", () => {
    const certain = together.operations.filter(({ notes }) => !notes.join(" ").includes("nobody has said"));
    const needless = certain.flatMap(({ name: operation, scope: written }) => {
      const scope = loaded(written);
      const own = statements.filter(permits([scope]));
      return lessOf(scope).flatMap(([lacks, less]) => {
        const isPermitted = permits([less]);
        const word = lacks.slice(lacks.lastIndexOf(".") + 1);
        // Those that name it come first: they tell sooner.
        const isNeeded = own
          .toSorted((one, other) => Number(other.includes(word)) - Number(one.includes(word)))
          .some((sql) => !isPermitted(sql));
        return isNeeded ? [] : [`${operation}: ${lacks}`];
      });
    });
    expect(certain.length).toBeGreaterThan(10);
    expect(needless).toEqual([]);
  });

  it("reads are not among what changes something, but where its name says so", () => {
    for (const { name: operation, scope: written } of together.operations) {
      const { statements: kinds } = loaded(written);
      const isMixed = kinds.includes("select") && kinds.length > 1;
      expect([operation, isMixed && !kinds.includes("copy_to")]).toEqual([
        operation,
        operation.startsWith("read-and-"),
      ]);
    }
  });
});
