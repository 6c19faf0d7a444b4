import { beforeAll, expect, test } from "vitest";
import type { SeenActs } from "../../../gate/inventory/inventory.ts";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { scopeSchema } from "../scope.ts";
import { proposalOf, seenOf } from "../testing/seen.ts";
import { unused } from "./unused.ts";

beforeAll(loadGrammar);

const structure = `CREATE TABLE items (sku text PRIMARY KEY, title text);
CREATE TABLE stock (sku text, bin text, qty int, PRIMARY KEY (sku, bin));`;

test.each([
  "SELECT sku, api_token FROM items WHERE sku = 'a'",
  "INSERT INTO items (sku, token) VALUES ('a', 'b')",
  "UPDATE items SET note = 'x' WHERE sku = 'a'",
  "UPDATE items SET note = 'x' WHERE sku = 'a' RETURNING *",
  "SELECT *, api_token FROM items",
  "SELECT i.*, i.api_token FROM items i",
  "SELECT * FROM items ORDER BY api_token",
  "SELECT s.*, i.api_token FROM stock s JOIN items i ON i.sku = s.sku",
  "SELECT i.*, i.api_token FROM stock s JOIN items i ON i.sku = s.sku",
])("columns that the schema lacks make no whole table of it: %s", (sql) => {
  const { operations, apart } = proposalOf([sql], { structure });
  expect(operations).toEqual([]);
  expect(apart.map(({ reason, draft }) => [reason, draft])).toEqual([
    [
      "it uses columns of public.items that the schema does not have: is --schema of this database, and as new as the log?",
      undefined,
    ],
  ]);
});

test.each([
  "SELECT s.*, api_token FROM stock s JOIN items i ON i.sku = s.sku",
  "SELECT api_token FROM stock s JOIN items i ON i.sku = s.sku",
])("a column that no table of the schema has is of one of them, whichever: %s", (sql) => {
  const { operations, apart } = proposalOf([sql], { structure });
  expect(operations).toEqual([]);
  expect(apart.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/ that the schema does not have: /),
  ]);
});

test.each([
  "SELECT * FROM items",
  "SELECT i FROM items i",
  "INSERT INTO items VALUES ('a', 'b')",
  "INSERT INTO items SELECT * FROM items",
  "UPDATE items SET title = 'x' WHERE sku = 'a' RETURNING *",
  "SELECT *, count(*) OVER () AS total FROM items ORDER BY total",
  "SELECT x.n, x.title FROM (SELECT *, 1 AS n FROM items) x",
  "SELECT s.*, i.* FROM stock s JOIN items i ON i.sku = s.sku",
  "SELECT * FROM stock NATURAL JOIN items",
  "WITH a AS (SELECT * FROM items) SELECT * FROM a WHERE title = 'b'",
])("what needs every column is granted every column: %s", (sql) => {
  const { operations, apart } = proposalOf([sql], { structure });
  expect(apart).toEqual([]);
  expect(JSON.stringify(operations.map(({ scope }) => scope))).toContain('"all"');
});

test("a count alone takes some column, and none beside statements that read others", () => {
  const tables = (...statements: string[]): unknown =>
    proposalOf(statements, { structure }).operations.map(({ scope }) => scope["tables"]);
  expect(tables("SELECT count(*) FROM stock")).toEqual([{ "public.stock": ["sku"] }]);
  expect(tables("SELECT count(*) FROM stock", "SELECT qty FROM stock")).toEqual([
    { "public.stock": ["qty"] },
  ]);
  expect(tables("SELECT count(*) FROM stock", "SELECT sku FROM stock")).toEqual([
    { "public.stock": ["sku"] },
  ]);
});

test("a write by a key of two columns says why it is not by key", () => {
  const { operations } = proposalOf(["UPDATE stock SET qty = 1 WHERE sku = 'a' AND bin = 'b'"], {
    structure,
  });
  expect(operations.map(({ name, notes }) => [name, notes])).toEqual([
    [
      "update-any-stock",
      ["no key of one column says which rows change, so that require_where cannot be said"],
    ],
  ]);
});

test("what a row lock takes is used", () => {
  const scope = scopeSchema.parse({
    statements: ["select", "update"],
    tables: { "public.items": { select: ["sku"], update: ["title"], where: ["sku"] } },
    require_where: true,
  });
  const seen: readonly SeenActs[] = seenOf(["SELECT sku FROM items WHERE sku = 'a' FOR UPDATE"]);
  expect(unused(seen, scope, { structure })).toEqual([]);
});
