import { beforeAll, expect, test } from "vitest";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { proposalOf } from "../testing/seen.ts";
import { likenessOf } from "./likeness.ts";

beforeAll(loadGrammar);

test.each(["query_to_xml('select 1', true, true, '')", "has_table_privilege('a', 'select')", "ts_stat('a')"])(
  "%s is PostgreSQL's own function, and no draft names another",
  (call) => {
    const { apart } = proposalOf([`SELECT ${call} FROM t`]);
    expect(apart).toHaveLength(1);
    expect(JSON.stringify(apart)).not.toContain("public.query_to_xml");
    expect(apart[0]?.reason).not.toContain("yours to know");
  },
);

test("a type that looks names up is listed by no operation", () => {
  const { operations } = proposalOf(["SELECT id, 'orders'::regclass FROM orders"]);
  expect(operations.map(({ scope }) => scope)).toEqual([
    { statements: ["select"], tables: { "public.orders": ["id"] } },
  ]);
});

test("what a column's default asks for is proposed", () => {
  const { operations } = proposalOf(["SELECT nextval('s'::regclass)"]);
  expect(operations.map(({ scope }) => scope)).toEqual([
    { statements: ["select"], functions: ["pg_catalog.nextval"] },
  ]);
});

test.each([
  ["SELECT 'a'\n'b' name FROM t", "SELECT $1 ? name FROM t"],
  ["SELECT 'x'a FROM t", "SELECT ?a FROM t"],
  ["SELECT '\\' OR email > '' --'", "SELECT 'a'"],
])("%j is not like %j", (one, other) => {
  expect(likenessOf(one)).not.toBe(likenessOf(other));
});

test("of tables that the structure lacks, views say, columns are found as without one", () => {
  const { operations, apart } = proposalOf(
    ["SELECT name, total FROM parent JOIN v ON v.pid = parent.id JOIN w ON w.pid = parent.id"],
    { structure: "CREATE TABLE parent (id int, name text);" },
  );
  expect(apart).toEqual([]);
  expect(operations[0]?.scope["tables"]).toEqual({
    "public.parent": ["id", "name"],
    "public.v": ["pid", "total"],
    "public.w": ["pid", "total"],
  });
});

test("many tables that are only counted use up no budget of others", () => {
  const tables = Array.from({ length: 140 }, (_, at) => `t${at}`).join(", ");
  const { operations } = proposalOf([`SELECT count(*) FROM ${tables}`, "SELECT id FROM orders"]);
  expect(operations.map(({ name }) => name)).toContain("read-orders");
});

test("a system column is needed like another, and a count takes no column that looks secret", () => {
  const structure = "CREATE TABLE parent (token text, name text);";
  const scopes = (sql: string): unknown =>
    proposalOf([sql], { structure }).operations.map(({ scope }) => scope["tables"]);
  expect(scopes("SELECT ctid FROM parent")).toEqual([{ "public.parent": ["ctid"] }]);
  expect(scopes("SELECT count(*) FROM parent")).toEqual([{ "public.parent": ["name"] }]);
});

test.each(["заказы", "- ? !", "\u{1F600}"])(
  "a table called %s has an operation of a name that misleads nobody",
  (name) => {
    const { operations } = proposalOf([`SELECT id FROM "${name}"`]);
    expect(operations.map((each) => each.name)).toEqual(["read-tables"]);
  },
);
