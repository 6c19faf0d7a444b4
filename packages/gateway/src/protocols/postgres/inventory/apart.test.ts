// What is set apart for a person to decide, and what would cover it.
import { beforeAll, describe, expect, it } from "vitest";
import type { SetApart } from "../../../gate/inventory/inventory.ts";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { loaded, proposalOf } from "../testing/seen.ts";

beforeAll(loadGrammar);

/** What is set apart, where nothing else is proposed. */
function apart(...given: Parameters<typeof proposalOf>): readonly SetApart[] {
  const { operations, apart: all, freely } = proposalOf(...given);
  expect({ operations, freely: freely.kinds }).toEqual({ operations: [], freely: 0 });
  return all;
}

describe("every column", () => {
  it.each([
    "SELECT * FROM orders",
    "SELECT o.* FROM orders o",
    "SELECT to_jsonb(o) FROM orders o",
    "SELECT count(o) FROM orders o",
    "TABLE orders",
    "COPY orders TO STDOUT",
  ])("is for a person to decide where nobody has said which there are: %s", (sql) => {
    const [only, ...more] = apart([sql]);
    expect(more).toEqual([]);
    expect(only?.reason).toMatch(/^every column of public\.orders, and nobody has said which it has/u);
    expect(loaded(only?.draft?.scope ?? {}).tables).toEqual({ "public.orders": "all" });
  });

  it("is proposed where the structure says that none looks personal or secret", () => {
    const { operations } = proposalOf(["SELECT * FROM orders"], {
      structure: "CREATE TABLE orders (id int, total int)",
    });
    expect(operations).toMatchObject([
      { name: "read-orders", scope: { tables: { "public.orders": "all" } } },
    ]);
  });

  it("is for a person to decide where some do, which are named, five at most", () => {
    const structure = `CREATE TABLE users (id int, email text, "firstName" text, phone text, token text, zip text, ip text)`;
    const [only] = apart(["SELECT * FROM users"], { structure });
    expect(only?.reason).toBe(
      "every column of public.users, and some look personal or secret: email, firstName, phone, token, zip",
    );
    expect(loaded(only?.draft?.scope ?? {}).tables).toEqual({ "public.users": "all" });
  });

  it("may be written all the same", () => {
    const { operations } = proposalOf(["INSERT INTO users VALUES (1, 'x')"]);
    expect(operations).toMatchObject([{ scope: { tables: { "public.users": { insert: "all" } } } }]);
  });
});

describe("a column that looks secret", () => {
  it.each([
    "SELECT api_key FROM users",
    "SELECT id FROM users WHERE api_key = 'x'",
    "UPDATE users SET name = 'x' WHERE api_key = 'x'",
    "INSERT INTO users (name) VALUES ('x') RETURNING api_key",
  ])("is for a person to decide where it is read: %s", (sql) => {
    const [only] = apart([sql]);
    expect(only).toMatchObject({ reason: "public.users.api_key looks secret", draft: { risk: "high" } });
    expect(JSON.stringify(loaded(only?.draft?.scope ?? {}))).toContain("api_key");
  });

  it("may be written", () => {
    expect(proposalOf(["UPDATE users SET api_key = 'x' WHERE id = 1"]).apart).toEqual([]);
  });

  it("does not keep others that are read beside it", () => {
    const { operations } = proposalOf(["SELECT api_key FROM users", "SELECT id FROM users"]);
    expect(operations).toMatchObject([{ name: "read-users", scope: { tables: { "public.users": ["id"] } } }]);
  });
});

describe("what does something inside that nobody sees", () => {
  it.each([
    ["SELECT price(1)", { statements: ["select"], functions: ["public.price"] }],
    ["SELECT crm.price(1)", { statements: ["select"], functions: ["crm.price"] }],
    ["CALL close_month(1)", { statements: ["call"], procedures: ["public.close_month"] }],
    ["CALL crm.close_month(1)", { statements: ["call"], procedures: ["crm.close_month"] }],
  ])("is for a person to decide: %s", (sql, scope) => {
    const [only] = apart([sql]);
    expect(only?.reason).toMatch(
      /^what (?:public|crm)\.(?:price|close_month) does inside is yours to know$/u,
    );
    expect(only?.draft?.scope).toEqual(scope);
    expect(loaded(only?.draft?.scope ?? {}).statements).toEqual(scope.statements);
  });

  it("is a draft of a reading operation where tables are read too, and no draft is of a lower risk than high", () => {
    expect(apart(["SELECT price(id) FROM orders"])).toMatchObject([
      {
        draft: {
          name: "read-orders",
          risk: "high",
          scope: { tables: { "public.orders": ["id"] }, functions: ["public.price"] },
        },
      },
    ]);
  });

  it.each(["pg_sleep", "pg_notify", "setval", "txid_current", "pg_advisory_lock"])(
    "is said of PostgreSQL's own %s, which does more than compute",
    (name) => {
      const [only] = apart([`SELECT ${name}('1')`]);
      expect(only?.reason).toBe(`pg_catalog.${name} does more than compute`);
      expect(loaded(only?.draft?.scope ?? {}).functions).toEqual([`pg_catalog.${name}`]);
    },
  );

  it.each([
    ["CREATE FUNCTION price(int) RETURNS int LANGUAGE sql AS 'select 1'", "SELECT price(1)", "public.price"],
    [
      "CREATE FUNCTION pg_mine() RETURNS int LANGUAGE sql AS 'select 1'",
      "SELECT pg_mine()",
      "public.pg_mine",
    ],
    ["CREATE TABLE a (b int)", "SELECT query_to_xml('x', true, true, '')", "pg_catalog.query_to_xml"],
  ])("is the database's own where the structure has it: %s: %s", (structure, sql, name) => {
    expect(apart([sql], { structure })[0]?.reason).toContain(name);
  });

  it("is the structure of everything", () => {
    const [only] = apart(["EXPLAIN ANALYZE UPDATE orders SET a = 1 WHERE id = 1"]);
    expect(only?.reason).toBe("it reads the structure of everything in the database");
    expect(loaded(only?.draft?.scope ?? {}).catalog).toBe(true);
  });

  it("is said once of a function and a procedure of one name", () => {
    const [only] = apart(["CALL price(price(1))"]);
    expect(only?.reason).toBe("what public.price does inside is yours to know");
  });

  it("has all its reasons", () => {
    const [only] = apart(["SELECT price(api_key), pg_sleep(1), * FROM users"]);
    expect(only?.reason).toContain("every column of public.users");
    expect(only?.reason).toContain("; what public.price does inside is yours to know");
    expect(only?.reason).toContain("pg_catalog.pg_sleep does more than compute");
  });
});

describe("what nothing covers", () => {
  it.each([
    "CREATE TABLE a (b int)",
    "DROP TABLE a",
    "ALTER TABLE a ADD COLUMN b int",
    "GRANT SELECT ON a TO b",
    "DO $$ BEGIN END $$",
    "COPY orders TO PROGRAM 'cat'",
    "COPY orders FROM '/etc/passwd'",
    "SET ROLE admin",
    "SELECT * FROM pg_authid",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "LOCK TABLE orders IN EXCLUSIVE MODE",
    "SELECT id INTO copied FROM orders",
    "TRUNCATE orders CASCADE",
    "SELECT FROM WHERE",
    "not SQL",
  ])("has a reason and no draft: %s", (sql) => {
    const [only, ...more] = apart([sql]);
    expect(more).toEqual([]);
    expect(only?.reason).not.toBe("");
    expect(only?.draft).toBeUndefined();
  });

  it("is told with where the grammar gave up, and not with what stands there", () => {
    const [only] = apart(["SELECT id FROM orders WHERE a = 'x' 'marker'"]);
    expect(only?.reason).toBe("the statement does not parse: syntax error at character 37");
  });

  it("is told of settings alone", () => {
    const [only] = apart(["SET app.tenant = '1'"]);
    expect(only?.reason).toBe("it names a type or a setting and no table, and no operation is about that");
  });

  it("is told of types alone", () => {
    const [only] = apart(["SELECT 'x'::crm.status"]);
    expect(only?.reason).toBe("it names a type or a setting and no table, and no operation is about that");
    expect(only?.draft).toBeUndefined();
  });
});

describe("what was seen seldom", () => {
  const parts = { minSeen: 3 };

  it("is set apart with a draft", () => {
    expect(apart([{ act: "SELECT id FROM orders", times: 2 }], parts)).toMatchObject([
      {
        reason: "each kind of statement was seen fewer than 3 times",
        draft: { name: "read-orders", risk: "high" },
        evidence: { times: 2 },
      },
    ]);
    expect(proposalOf([{ act: "SELECT id FROM orders", times: 3 }], parts).apart).toEqual([]);
  });

  it("has the other reasons first", () => {
    expect(apart(["SELECT api_key FROM orders"], parts)).toMatchObject([
      { reason: "public.orders.api_key looks secret" },
    ]);
  });

  it("is counted all the same where it needs nothing", () => {
    expect(proposalOf(["SELECT 1"], parts)).toMatchObject({ apart: [], freely: { kinds: 1 } });
  });
});

describe("how it is told", () => {
  it("shows three statements of those that are alike in reason and scope, once each, the most seen first", () => {
    const acts = [1, 2, 3, 4, 5].map((times) => ({ act: `SELECT price(${times}), a${times} FROM t`, times }));
    const [only, ...more] = apart(acts);
    expect(more).toEqual([]);
    expect(only?.examples).toEqual(["a5", "a4", "a3"].map((name) => `SELECT price(?), ${name} FROM t`));
    expect(only?.evidence).toMatchObject({ kinds: 5, times: 15 });
    expect(apart(["SELECT price(1)", "SELECT price(2)"])[0]?.examples).toEqual(["SELECT price(?)"]);
  });

  it("comes in the order of how often it was done, reason by reason", () => {
    const all = apart([
      { act: "DROP TABLE a", times: 1 },
      { act: "SELECT price(1)", times: 5 },
      { act: "SELECT price(id) FROM t", times: 2 },
      { act: "DROP TABLE b", times: 2 },
    ]);
    expect(all.map(({ evidence, draft }) => [evidence.times, draft?.name])).toEqual([
      [5, "call-price"],
      [3, undefined],
      [2, "read-t"],
    ]);
  });
});
