// tier: full
// Names, descriptions and risks of what is proposed.
import fc from "@mayfly/testing/fast-check.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { namePattern } from "../../../configuration/fields.ts";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { permitsBy, proposalOf, scopesOf } from "../testing/seen.ts";

beforeAll(loadGrammar);

/** The names of all that a proposal says, what is set apart too. */
const names = (...given: Parameters<typeof proposalOf>): readonly string[] => {
  const { operations, apart } = proposalOf(...given);
  return [...operations, ...apart.flatMap(({ draft }) => draft ?? [])].map(({ name }) => name);
};
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const risks = (sql: string, structure?: string): unknown =>
  proposalOf([sql], structure === undefined ? {} : { structure }).operations.map(({ risk }) => risk);

describe("a name", () => {
  it.each([
    ["SELECT id FROM orders", "read-orders"],
    ["SELECT id FROM order_lines", "read-order-lines"],
    ["SELECT id FROM other.orders", "read-other-orders"],
    ['SELECT id FROM "Order Lines"', "read-order-lines"],
    ['SELECT id FROM "__orders__"', "read-orders"],
    [String.raw`SELECT id FROM "a\nb"`, "read-a-nb"],
    ['SELECT id FROM "a\nb"', "read-a-u-a-b"],
    ['SELECT id FROM "x: y # z"', "read-x-y-z"],
    ["TRUNCATE a, b", "truncate-a-and-b"],
    ["TRUNCATE d, c, b, a", "truncate-a-and-b-and-more"],
    ["UPDATE a SET b = 1", "update-any-a"],
    ["WITH x AS (UPDATE a SET b = 1) DELETE FROM a", "write-any-a"],
    ["WITH x AS (UPDATE a SET b = 1), y AS (INSERT INTO a (b) VALUES (1)) DELETE FROM a", "write-a"],
    ["COPY (SELECT id FROM a) TO STDOUT", "copy-a"],
    ["INSERT INTO a (b) SELECT id FROM c", "read-and-insert-a"],
    ["SELECT nextval('a')", "call-nextval"],
  ])("of %j is %s", (sql, name) => expect(names([sql])).toEqual([name]));

  it("of the longest table's name is cut, and still no other one's", () => {
    const tables = ["b", "c"].map((end) => `${"a".repeat(62)}${end}`);
    const all = names(tables.map((table) => `SELECT id FROM ${table}`));
    expect(all).toEqual([`read-${"a".repeat(53)}`, `read-${"a".repeat(53)}-2`]);
    for (const name of all) expect(name).toMatch(namePattern);
  });

  it("is none that is taken, and none twice, among what is set apart too", () => {
    const statements = [
      "SELECT id FROM a_b",
      'SELECT id FROM "a-b"',
      "SELECT * FROM a_b",
      "SELECT price(id) FROM a_b",
      "SELECT id FROM c",
    ];
    const all = names(statements, { taken: ["read-a-b", "read-a-b-3", "read-c"] });
    expect(all.toSorted()).toEqual(["read-a-b-2", "read-a-b-4", "read-a-b-5", "read-a-b-6", "read-c-2"]);
  });

  it("is valid, of whatever names of tables, columns and schemas, and what it names loads and permits", () => {
    const name = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 15 })
      .filter((text) => Buffer.byteLength(text) <= 63 && !text.includes("\0") && text.isWellFormed());
    const isPermitted = permitsBy({});
    fc.assert(
      fc.property(name, name, name, (schema, table, column) => {
        const sql = `SELECT t.${quoted(column)} FROM ${quoted(schema)}.${quoted(table)} t`;
        const proposal = proposalOf([sql]);
        const { operations, apart } = proposal;
        expect(operations.length + apart.length).toBe(1);
        const scopes = scopesOf(proposal);
        for (const each of names([sql])) expect(each).toMatch(namePattern);
        expect(scopes.length === 0 || isPermitted(scopes.map(({ scope }) => scope))(sql)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    ["table", 'SELECT id FROM "a.b"'],
    ["table", 'SELECT id FROM "a""b"'],
    ["table", 'SELECT id FROM "a*"'],
    ["schema", 'SELECT id FROM "a b".c'],
    ["function", 'SELECT "a.b"(1)'],
  ])("of a %s that no scope can say is none: %s", (_, sql) => {
    expect(names([sql])).toEqual([]);
    expect(proposalOf([sql]).apart).toHaveLength(1);
    expect(proposalOf([sql]).apart[0]?.reason).not.toBe("it needs an operation of its own");
  });

  it("of a table or a column that JavaScript has for itself is no other", () => {
    const { operations } = proposalOf(['SELECT "__proto__", "constructor" FROM "__proto__" t']);
    expect(JSON.stringify(operations.map(({ scope }) => scope))).toBe(
      '[{"statements":["select"],"tables":{"public.__proto__":["__proto__","constructor"]}}]',
    );
  });
});

describe("a description", () => {
  const description = (sql: string): unknown => proposalOf([sql]).operations[0]?.description;

  it.each([
    ["SELECT id FROM orders", "Read orders"],
    ["SELECT id FROM crm.orders", "Read crm.orders"],
    ['SELECT id FROM "a\nb\u202e"', String.raw`Read a\u{a}b\u{202e}`],
    ["UPDATE orders SET a = 1 WHERE id = 1", "Update orders by key"],
    ["UPDATE orders SET a = 1", "Update orders, any number of rows at a time"],
    ["INSERT INTO orders (a) VALUES (1)", "Insert into orders"],
    ["SELECT nextval('a')", "Call nextval"],
    ["TRUNCATE a, b, c, d", "Empty a, b, c, d"],
    ["TRUNCATE a, b, c, d, e, f", "Empty a, b, c, d and 2 more"],
  ])("of %s is %s", (sql, expected) => expect(description(sql)).toBe(expected));

  it("names the tables that are read beside", () => {
    expect(description("SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.id")).toMatch(
      /^Read orders, .*customers/u,
    );
  });
});

describe("a risk", () => {
  it.each([
    ["SELECT id FROM orders", "low"],
    ["LISTEN jobs", "low"],
    ["NOTIFY jobs", "low"],
    ["COPY orders (id) TO STDOUT", "low"],
    ["SELECT email FROM users", "medium"],
    ["COPY users (email) TO STDOUT", "medium"],
    ["INSERT INTO users (id) VALUES (1) RETURNING email", "medium"],
    ["SELECT nextval('a')", "medium"],
    ["INSERT INTO orders (a) VALUES (1)", "medium"],
    ["COPY orders (a) FROM STDIN", "medium"],
    ["REFRESH MATERIALIZED VIEW totals", "medium"],
    ["UPDATE orders SET a = 1 WHERE id = 1", "medium"],
    ["UPDATE orders SET a = 1", "high"],
    ["DELETE FROM orders WHERE id = 1", "high"],
    ["DELETE FROM orders", "high"],
    ["TRUNCATE orders", "high"],
    ["INSERT INTO orders (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2", "high"],
  ])("of %s is %s", (sql, risk) => expect(risks(sql)).toEqual([risk]));
});
