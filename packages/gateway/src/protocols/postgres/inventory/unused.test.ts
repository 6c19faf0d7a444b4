import { beforeAll, describe, expect, it } from "vitest";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { loaded, proposalOf, seenOf } from "../testing/seen.ts";
import { unused } from "./unused.ts";

beforeAll(loadGrammar);

type Parts = Parameters<typeof unused>[2];

const left = (written: Record<string, unknown>, statements: readonly string[], parts: Parts = {}): unknown =>
  unused(seenOf(statements), loaded(written), parts);
const orders = (entry: unknown, ...statements: string[]): Record<string, unknown> => ({
  statements: statements.length === 0 ? ["select"] : statements,
  tables: { "public.orders": entry },
});

describe("an operation", () => {
  it.each([[[]], [["SELECT 1"]], [["BEGIN", "SELECT relname FROM pg_class"]], [["SELECT FROM WHERE"]]])(
    "is not used at all by %j",
    (statements) => expect(left(orders(["id"]), statements)).toBeUndefined(),
  );

  it.each([
    [orders(["id", "total"]), ["SELECT id FROM orders WHERE total = 1"]],
    [orders(["id", "total"]), ["SELECT id FROM orders", "SELECT total FROM orders"]],
    [orders("all"), ["SELECT * FROM orders"]],
    [
      orders({ insert: ["total"], select: ["note"] }, "insert"),
      ["INSERT INTO orders (total) VALUES (1) RETURNING note"],
    ],
    [orders({ delete: true }, "delete"), ["DELETE FROM orders WHERE id = 1"]],
    [orders({ truncate: true }, "truncate"), ["TRUNCATE orders"]],
    [
      orders({ update: ["total"], where: ["code"] }, "update"),
      ["UPDATE orders SET total = 1 WHERE code = 'x'"],
    ],
    [{ statements: ["select"], temporary_tables: true }, ["CREATE TEMP TABLE scratch (id int)"]],
    [{ statements: ["listen"], channels: ["jobs"] }, ["LISTEN jobs"]],
    [{ statements: ["select"], functions: ["public.price"] }, ["SELECT price(1)"]],
    [{ statements: ["call"], procedures: ["public.close"] }, ["CALL close()"]],
  ])("%j is all used by %j", (written, statements) => expect(left(written, statements)).toEqual([]));

  it("is all used by the statements that it was proposed for", () => {
    const statements = [
      "SELECT id, total FROM orders o WHERE o.note = 'x'",
      "UPDATE orders SET total = total + 1 WHERE id = 1 RETURNING note",
      "INSERT INTO orders (total) VALUES (1) ON CONFLICT (id) DO UPDATE SET note = 'x'",
      "DELETE FROM orders WHERE note = 'x'",
      "COPY orders (id) TO STDOUT",
    ];
    for (const sql of statements)
      for (const { scope } of proposalOf([sql]).operations)
        expect([sql, left({ ...scope }, [sql])]).toEqual([sql, []]);
  });
});

describe("what is not used", () => {
  it("is a column", () => {
    expect(left(orders(["id", "note", "total"]), ["SELECT id FROM orders"])).toEqual([
      "table public.orders select note",
      "table public.orders select total",
    ]);
  });

  it("is a use of a table, and the statements that it is for", () => {
    const written = orders(
      { select: ["id"], insert: ["total"], update: ["note"], delete: true },
      "select",
      "insert",
      "update",
      "delete",
    );
    expect(left(written, ["SELECT id FROM orders"])).toEqual([
      "statement insert",
      "statement update",
      "statement delete",
      "table public.orders insert total",
      "table public.orders update note",
      "table public.orders delete",
    ]);
  });

  it("is what a list grants by the statements beside it", () => {
    expect(left(orders(["id"], "select", "insert"), ["SELECT id FROM orders"])).toEqual([
      "statement insert",
      "table public.orders insert id",
    ]);
    expect(left(orders(["total"], "update", "delete"), ["UPDATE orders SET total = 1 WHERE id = 1"])).toEqual(
      ["statement delete", "table public.orders select total", "table public.orders delete"],
    );
  });

  it("is a table, a function, a type, a setting, a channel", () => {
    const written = {
      statements: ["select"],
      tables: { "public.orders": ["id"], "public.lines": { select: ["id"] } },
      functions: ["public.price", "pg_catalog.nextval"],
      types: ["public.status"],
      settings: ["app.tenant"],
      temporary_tables: false,
    };
    expect(left(written, ["SELECT id, price(1) FROM orders"])).toEqual(
      expect.arrayContaining([
        "table public.lines select id",
        "function pg_catalog.nextval",
        "type public.status",
        "setting app.tenant",
      ]),
    );
    expect(left({ statements: ["listen"], channels: ["a", "b"] }, ["LISTEN a"])).toEqual(["channel b"]);
  });

  it("is not the usual key where another was used", () => {
    const structure = "CREATE TABLE orders (id int, code text UNIQUE, total int)";
    expect(
      left(
        orders({ update: ["total"], select: ["code"] }, "update"),
        ["UPDATE orders SET total = 1 WHERE code = 'x'"],
        {
          structure,
        },
      ),
    ).not.toContain("table public.orders where id");
  });

  it("is not a key, the catalogue or a time-out, which no statement asks for", () => {
    const written = {
      ...orders({ update: ["total"], where: ["code", "number"] }, "update"),
      require_where: true,
      catalog: true,
      timeout: "30s",
    };
    expect(left(written, ["UPDATE orders SET total = 1 WHERE code = 'x'"])).toEqual([]);
    expect(left({ ...written, catalog: false }, ["UPDATE orders SET total = 1 WHERE code = 'x'"])).toEqual(
      [],
    );
  });
});

describe("every column of a table", () => {
  const structure = "CREATE TABLE orders (id int, total int, note text)";

  it("is told as a whole where nobody has said which there are", () => {
    expect(left(orders("all"), ["SELECT id FROM orders"])).toEqual(["table public.orders select any"]);
  });

  it("is written out by the structure", () => {
    expect(left(orders("all"), ["SELECT id FROM orders"], { structure })).toEqual([
      "table public.orders select total",
      "table public.orders select note",
    ]);
    expect(left(orders("all"), ["SELECT * FROM orders"], { structure })).toEqual([]);
    expect(left(orders("all"), ["SELECT total, note, id FROM orders"], { structure })).toEqual([]);
  });

  it("is written out use by use", () => {
    const written = orders({ select: "all", insert: "all", update: "all" }, "select", "insert", "update");
    const statements = [
      "SELECT * FROM orders",
      "INSERT INTO orders (id, total) VALUES (1, 2)",
      "UPDATE orders SET note = 'x', id = 2 WHERE id = 1",
    ];
    expect(left(written, statements, { structure })).toEqual([
      "table public.orders insert note",
      "table public.orders update total",
    ]);
  });

  it("is found in the connection's search path", () => {
    const written = { statements: ["select"], tables: { "crm.orders": "all" } };
    const parts = { structure, target: { search_path: ["crm"] } };
    expect(left(written, ["SELECT id, total FROM orders"], parts)).toEqual(["table crm.orders select note"]);
  });
});

describe("a pattern", () => {
  it("grants more than any table that was used", () => {
    const written = { statements: ["select"], tables: { "public.*": ["id"] } };
    expect(left(written, ["SELECT id FROM orders"])).toContain("table public.* select id");
  });
});
