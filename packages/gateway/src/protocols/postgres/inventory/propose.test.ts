import { beforeAll, describe, expect, it } from "vitest";
import { MayflyError } from "../../../kernel/errors.ts";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { proposalOf, seenOf } from "../testing/seen.ts";
import { propose } from "./propose.ts";

beforeAll(loadGrammar);

/** Names and scopes of what is proposed. */
const operations = (...given: Parameters<typeof proposalOf>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(proposalOf(...given).operations.map(({ name, scope }) => [name, scope]));

describe("reads and writes", () => {
  it("are operations of their own, though they are about one table", () => {
    const { operations: all } = proposalOf([
      "SELECT id, total FROM orders",
      "SELECT id FROM orders WHERE status = 'open'",
      "INSERT INTO orders (total) VALUES (1)",
      "UPDATE orders SET total = 2 WHERE id = 1",
      "DELETE FROM orders WHERE id = 1",
    ]);
    expect(all.map(({ name, risk, scope }) => ({ name, risk, scope }))).toEqual([
      {
        name: "read-orders",
        risk: "low",
        scope: { statements: ["select"], tables: { "public.orders": ["id", "status", "total"] } },
      },
      {
        name: "insert-orders",
        risk: "medium",
        scope: { statements: ["insert"], tables: { "public.orders": { insert: ["total"] } } },
      },
      {
        name: "update-orders",
        risk: "medium",
        scope: {
          statements: ["update"],
          tables: { "public.orders": { update: ["total"] } },
          require_where: true,
        },
      },
      {
        name: "delete-orders",
        risk: "high",
        scope: { statements: ["delete"], tables: { "public.orders": { delete: true } }, require_where: true },
      },
    ]);
  });

  it("share one where a statement needs both, and its name says so", () => {
    expect(operations(["INSERT INTO archive (id) SELECT id FROM orders"])).toEqual({
      "read-and-insert-archive": {
        statements: ["select", "insert"],
        tables: { "public.archive": { insert: ["id"] }, "public.orders": { select: ["id"] } },
      },
    });
  });

  it("of other tables are other operations, and the first table that is read says which", () => {
    expect(
      operations([
        "SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id",
        "SELECT c.name, o.total FROM customers c JOIN orders o ON o.customer_id = c.id",
        "SELECT r.id FROM (WITH r AS (SELECT id FROM orders) SELECT id FROM r) r",
      ]),
    ).toEqual({
      "read-orders": {
        statements: ["select"],
        tables: { "public.customers": ["id", "name"], "public.orders": ["id", "customer_id"] },
      },
      "read-customers": {
        statements: ["select"],
        tables: { "public.customers": ["id", "name"], "public.orders": ["customer_id", "total"] },
      },
    });
  });

  it("come in the order of what was done with all of each", () => {
    const { operations: all } = proposalOf([
      { act: "SELECT id FROM one", times: 3 },
      { act: "SELECT a FROM two", times: 2 },
      { act: "SELECT b FROM two", times: 2 },
    ]);
    expect(all.map(({ name }) => name)).toEqual(["read-two", "read-one"]);
  });

  it("come in the order of how often they were done, and say by whom and when", () => {
    const { operations: all } = proposalOf([
      { act: "SELECT id FROM rare", times: 1 },
      { act: "SELECT id FROM often", times: 3, by: new Map([["ann", 3]]), first: 5, last: 9 },
      {
        act: "SELECT b FROM often",
        times: 2,
        by: new Map([
          ["ann", 1],
          ["bob", 1],
        ]),
        first: 2,
        last: 7,
      },
    ]);
    expect(all.map(({ name, evidence }) => ({ name, evidence }))).toEqual([
      {
        name: "read-often",
        evidence: {
          kinds: 2,
          times: 5,
          by: new Map([
            ["ann", 4],
            ["bob", 1],
          ]),
          first: 2,
          last: 9,
        },
      },
      { name: "read-rare", evidence: { kinds: 1, times: 1, by: new Map([["app", 1]]) } },
    ]);
  });
});

describe("every other kind of statement", () => {
  it.each([
    ["TRUNCATE orders", "truncate-orders", "high", { "public.orders": { truncate: true } }],
    ["REFRESH MATERIALIZED VIEW totals", "refresh-totals", "medium", { "public.totals": { refresh: true } }],
    ["COPY orders (id, total) TO STDOUT", "copy-orders", "low", { "public.orders": ["id", "total"] }],
    ["COPY orders (id) FROM STDIN", "load-orders", "medium", { "public.orders": { insert: ["id"] } }],
    ["INSERT INTO orders VALUES (1, 2)", "insert-orders", "medium", { "public.orders": { insert: "all" } }],
    [
      "MERGE INTO orders o USING (VALUES (1, 2)) v (id, a) ON o.id = v.id WHEN MATCHED THEN UPDATE SET a = v.a WHEN NOT MATCHED THEN INSERT (id, b) VALUES (v.id, v.a)",
      "upsert-orders",
      "medium",
      { "public.orders": { insert: ["id", "b"], update: ["a"] } },
    ],
    ["EXPLAIN SELECT id FROM orders", "read-orders", "low", { "public.orders": ["id"] }],
    ["DECLARE c CURSOR FOR SELECT id FROM orders", "read-orders", "low", { "public.orders": ["id"] }],
    ["PREPARE p AS SELECT id FROM orders", "read-orders", "low", { "public.orders": ["id"] }],
  ])("%s", (sql, name, risk, tables) => {
    expect(proposalOf([sql]).operations).toMatchObject([{ name, risk, scope: { tables } }]);
  });

  it.each([
    ["LISTEN jobs", "listen-jobs", { statements: ["listen"], channels: ["jobs"] }],
    ["NOTIFY jobs, 'marker'", "notify-jobs", { statements: ["notify"], channels: ["jobs"] }],
  ])("%s", (sql, name, scope) => expect(operations([sql])).toEqual({ [name]: scope }));

  it("that only counts on may be proposed: nextval, currval and lastval", () => {
    expect(operations(["SELECT nextval('a'), currval('a'), lastval()"])).toEqual({
      "call-currval-and-lastval-and-more": {
        statements: ["select"],
        functions: ["pg_catalog.currval", "pg_catalog.lastval", "pg_catalog.nextval"],
      },
    });
    expect(operations(["INSERT INTO orders (id) VALUES (nextval('orders_id_seq'))"])).toEqual({
      "insert-orders": {
        statements: ["insert"],
        tables: { "public.orders": { insert: ["id"] } },
        functions: ["pg_catalog.nextval"],
      },
    });
  });

  it("may need types and settings", () => {
    const sql = "SELECT id FROM orders WHERE s = 'x'::status AND t = current_setting('app.tenant')";
    expect(operations([sql])).toMatchObject({
      "read-orders": { types: ["public.status"], settings: ["app.tenant"] },
    });
  });
});

describe("several statements of one text", () => {
  it("are looked at one by one", () => {
    const { operations: all, freely } = proposalOf([
      { act: "BEGIN; SELECT id FROM orders; UPDATE orders SET total = 1 WHERE id = 2; COMMIT", times: 3 },
    ]);
    expect(all.map(({ name, evidence: { times } }) => [name, times])).toEqual([
      ["read-orders", 3],
      ["update-orders", 3],
    ]);
    expect(freely).toMatchObject({ kinds: 2, times: 6 });
  });

  it("are all set apart where one of them does not parse", () => {
    const { operations: all, apart } = proposalOf(["SELECT id FROM orders; SELECT FROM WHERE"]);
    expect(all).toEqual([]);
    expect(apart).toMatchObject([{ examples: ["(a text that is no SQL)"], evidence: { kinds: 1 } }]);
  });
});

describe("statements that need nothing of an operation", () => {
  it.each([
    "SELECT 1",
    "SELECT version(), now()",
    "BEGIN",
    "SET statement_timeout = '5s'",
    "SHOW timezone",
    "FETCH 5 FROM c",
    "EXECUTE p(1)",
    "DISCARD ALL",
    "SELECT relname FROM pg_class",
    "SELECT table_name FROM information_schema.tables",
  ])("are counted and no more: %s", (act) => {
    expect(proposalOf([{ act, times: 4 }])).toEqual({
      operations: [],
      apart: [],
      freely: { kinds: 1, times: 4, by: new Map([["app", 1]]) },
    });
  });

  it("nothing comes of nothing", () => {
    expect(propose(seenOf([]), { minSeen: 1, taken: [] })).toEqual({
      operations: [],
      apart: [],
      freely: { kinds: 0, times: 0, by: new Map() },
    });
  });
});

it("says what is wrong with a structure that cannot be read", () => {
  expect(() => proposalOf(["SELECT 1"], { structure: "CREATE TABLE" })).toThrow(MayflyError);
  expect(() => proposalOf(["SELECT 1"], { structure: "CREATE TABLE" })).toThrow("the schema cannot be read");
});

it("looks names up in the first schema of the connection's search path", () => {
  const parts = {
    target: { search_path: ["crm", "public"] },
    structure: "CREATE TABLE orders (id int, a int)",
  };
  expect(operations(["SELECT * FROM orders"], parts)).toEqual({
    "read-orders": { statements: ["select"], tables: { "crm.orders": "all" } },
  });
});
