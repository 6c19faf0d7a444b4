import fc from "@mayfly/testing/fast-check.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { scopeSchema } from "../scope.ts";
import { corpusScope, givenCases, ownCases } from "../testing/guard-corpus.ts";
import { plainDatabase } from "./database.ts";
import { inspect } from "./facts.ts";
import { loadGrammar } from "./syntax/grammar.ts";
import { trial } from "./trial.ts";
import { compileScopes } from "./verdicts.ts";
import { describeScope } from "./words.ts";

beforeAll(loadGrammar);

describe("a grant of several operations", () => {
  const judge = compileScopes([corpusScope("refund"), corpusScope("read")]);

  it("names the operation that covers each statement", () => {
    expect(judge({ sql: "SELECT * FROM shop.orders" })).toMatchObject({
      kind: "permit",
      operation: "shop-db/read",
      cover: { operations: [{ name: "shop-db/read" }], effects: [] },
    });
    expect(
      judge({ sql: "UPDATE shop.orders SET status='x' WHERE id=1; SELECT id FROM shop.customers" }),
    ).toMatchObject({
      kind: "permit",
      operation: "shop-db/refund, shop-db/read",
      cover: { operations: [{ name: "shop-db/refund" }, { name: "shop-db/read" }], effects: [] },
    });
  });

  it("does not let two operations share one statement", () => {
    const sql = "UPDATE shop.orders SET status=(SELECT max(name) FROM shop.customers) WHERE id=1";
    expect(judge({ sql })).toMatchObject({ kind: "deny" });
  });

  it("answers from the operation that came nearest, whatever the order", () => {
    const sql = "SELECT ssn FROM shop.customers";
    for (const names of [
      ["refund", "read"],
      ["read", "refund"],
    ])
      expect(compileScopes(names.map(corpusScope))({ sql })).toMatchObject({
        denial: { rule: "shop-db/read: columns" },
      });
  });

  it("denies everything when there is no operation", () => {
    expect(compileScopes([])({ sql: "SELECT 1" })).toMatchObject({ kind: "deny" });
    expect(compileScopes([])({ sql: "" })).toMatchObject({ kind: "deny" });
  });
});

describe("a listed column that the table may have lost", () => {
  const scope = scopeSchema.parse({
    statements: ["select"],
    tables: { "shop.limits": ["id", "max", "told", "count"], "shop.orders": "all" },
  });
  const judge = compileScopes([{ name: "shop-db/read", scope }]);
  const database = {
    ...plainDatabase,
    key: "own functions",
    rowFunctions: new Map([["told", new Set(["shop"])]]),
  };

  it.each([
    "SELECT l.max FROM shop.limits l",
    "SELECT shop.limits.max FROM shop.limits",
    "SELECT 1 FROM shop.orders o JOIN shop.limits l ON l.told = o.id",
  ])("is not named so that PostgreSQL would call a function with the row: %s", (sql) =>
    expect(judge({ sql, database })).toMatchObject({
      kind: "deny",
      denial: { message: expect.stringContaining("is also a function") as string },
    }),
  );

  it.each([
    "SELECT max FROM shop.limits l",
    "SELECT l.count, l.id FROM shop.limits l",
    "SELECT o.max FROM shop.orders o",
    "SELECT l.max FROM (SELECT max FROM shop.limits) l",
  ])("is named in other ways: %s", (sql) => expect(judge({ sql, database }).kind).toBe("permit"));
});

describe("a denial", () => {
  it("says what was refused, what is granted, and how to ask", () => {
    const scope = scopeSchema.parse({
      statements: ["select"],
      tables: { "public.orders": "all", "public.customers": ["id", "name"] },
    });
    const verdict = compileScopes([{ name: "orders-db/read-orders", scope }])({
      sql: "DELETE FROM orders WHERE note = 'hunter2'",
    });
    expect(verdict).toMatchObject({
      kind: "deny",
      denial: {
        remedy: "ask",
        rule: "orders-db/read-orders: statements",
        message: "delete on public.orders is not granted: orders-db/read-orders grants select",
        hint: 'this grant covers orders-db/read-orders (select on public.orders, public.customers (id, name)); for more, ask: mayfly request orders-db/OPERATION --reason "…"; mayfly operations lists them',
      },
    });
  });

  it("shows names in one bounded line", () => {
    const verdict = compileScopes([corpusScope("read")])({
      sql: `SELECT * FROM "evil\n${"x".repeat(60)}\u2028"`,
    });
    expect(JSON.stringify(verdict)).not.toMatch(/\\n|\u2028/u);
  });
});

describe("the search path", () => {
  const scope = scopeSchema.parse({
    statements: ["select"],
    tables: { "shop.orders": "all", "public.orders": ["id"] },
  });

  it("resolves unqualified names in its first schema alone", () => {
    const judge = (path: readonly string[]) => (sql: string) =>
      compileScopes([{ name: "a/b", scope }], path)({ sql }).kind;
    expect(judge(["shop"])("SELECT note FROM orders")).toBe("permit");
    expect(judge(["public"])("SELECT note FROM orders")).toBe("deny");
    expect(judge(["other", "shop"])("SELECT note FROM orders")).toBe("deny");
    expect(judge([])("SELECT id FROM orders")).toBe("deny");
    expect(judge([])("SELECT id FROM shop.orders")).toBe("permit");
  });
});

describe("whatever the text", () => {
  const judge = compileScopes([corpusScope("read")]);

  it("gives a verdict, never an exception", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (sql) => {
        expect(["permit", "deny"]).toContain(judge({ sql }).kind);
      }),
      { numRuns: 500 },
    );
    const token = fc.constantFrom(
      ..."SELECT FROM WHERE ( ) , ; * . :: 'x' $1 1 = shop orders customers ssn c WITH AS JOIN ON UPDATE SET DELETE INSERT INTO VALUES GROUP BY ORDER COPY TO STDOUT EXPLAIN ANALYZE [ ] || NULL CASE WHEN THEN END RETURNING".split(
        " ",
      ),
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 40 }), (tokens) => {
        const verdict = judge({ sql: tokens.join(" ") });
        expect(JSON.stringify(verdict)).not.toContain("could not be judged");
      }),
      { numRuns: 3000 },
    );
  });

  it("stays denied under another spelling: comments, white space, case", () => {
    const denied = [...givenCases(), ...ownCases()].filter(
      ({ expected, sql }) => expected === "deny" && sql.length < 2000,
    );
    const blank = fc.constantFrom(
      " ",
      "\t",
      "\n",
      "\r\n",
      "/**/",
      "/* SELECT 1 */",
      "--x\n",
      "\f",
      "/*/*;*/*/ ",
    );
    const spelled = (sql: string, blanks: readonly string[], upper: boolean): string => {
      let index = 0;
      // Only blanks outside of quotes, comments and dollar quotes: everything before the first of those.
      const end = /['"$\\]|--|\/\*/u.exec(sql)?.index ?? sql.length;
      const head = sql.slice(0, end).replaceAll(" ", () => blanks[index++ % blanks.length] ?? " ");
      return (upper ? head.toUpperCase() : head) + sql.slice(end);
    };
    fc.assert(
      fc.property(
        fc.constantFrom(...denied),
        fc.array(blank, { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        (entry, blanks, upper) => {
          const sql = spelled(entry.sql, blanks, upper);
          expect(compileScopes([entry.scope])({ sql }).kind, sql).toBe("deny");
          expect(compileScopes([entry.scope])({ sql: `SELECT 1; ${sql}` }).kind, sql).toBe("deny");
        },
      ),
      { numRuns: 1500 },
    );
  });

  it("denies the same again from its memory", () => {
    for (const { sql } of ownCases()) expect(judge({ sql })).toEqual(judge({ sql }));
  });
});

describe("what the wire is told of a text", () => {
  it("tells names, transactions, copies and writes", () => {
    expect(
      inspect("PREPARE p AS SELECT 1; EXECUTE p; EXPLAIN EXECUTE q; DEALLOCATE p; DEALLOCATE ALL"),
    ).toEqual([
      { command: "PREPARE", writes: false, prepares: "p" },
      { command: "EXECUTE", writes: true, executes: "p" },
      { command: "EXPLAIN", writes: true, executes: "q" },
      { command: "DEALLOCATE", writes: false, deallocates: { name: "p" } },
      { command: "DEALLOCATE", writes: false, deallocates: { all: true } },
    ]);
    expect(
      inspect("BEGIN; COMMIT AND CHAIN; ROLLBACK TO a").map(({ transaction, chain }) => [transaction, chain]),
    ).toEqual([
      ["begin", undefined],
      ["commit", true],
      ["rollback_to", undefined],
    ]);
    expect(inspect("COPY a TO STDOUT; COPY a FROM STDIN").map(({ copy, writes }) => [copy, writes])).toEqual([
      ["out", false],
      ["in", true],
    ]);
    expect(
      inspect("SELECT 1; WITH x AS (DELETE FROM a RETURNING 1) SELECT 1; SET a = 1").map(
        ({ writes }) => writes,
      ),
    ).toEqual([false, true, false]);
    expect(inspect("")).toEqual([]);
  });
});

describe("a try-out session", () => {
  it("remembers what was prepared, and denies the EXECUTE of anything else", async () => {
    const say = trial([corpusScope("read")]);
    expect((await say("EXECUTE p")).kind).toBe("deny");
    expect((await say("PREPARE p AS DELETE FROM shop.orders")).kind).toBe("deny");
    expect((await say("EXECUTE p")).kind).toBe("deny");
    expect((await say("PREPARE p AS SELECT 1")).kind).toBe("permit");
    expect((await say("EXPLAIN EXECUTE p")).kind).toBe("permit");
    expect((await say("DEALLOCATE p; EXECUTE p")).kind).toBe("deny");
  });
});

describe("a scope in words", () => {
  it("says every member", () => {
    const scope = scopeSchema.parse({
      statements: ["select", "update"],
      tables: {
        "a.b": "all",
        "a.c": ["x"],
        "a.d": { select: "all", update: ["y"], where: ["k"] },
        "a.v": { select: "all", leaky_view: "accepted" },
      },
      functions: ["a.f"],
      types: ["a.t"],
      catalog: true,
      require_where: true,
      timeout: "90s",
    });
    expect(describeScope(scope)).toEqual([
      "statements: select, update",
      "table a.b: all columns",
      "table a.c: columns x",
      "table a.d: select all columns; update y; rows found by k",
      "table a.v: select all columns; as a view that can tell of the rows that it leaves out (leaky_view: accepted)",
      "updates and deletes must select rows by key (WHERE key = …)",
      "further functions: a.f",
      "further types: a.t",
      "the catalogue: names and structure of everything in the database",
      "a statement runs for at most 1m 30s",
    ]);
  });
});
