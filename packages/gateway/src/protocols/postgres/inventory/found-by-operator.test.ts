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

test.each(["SELECT * FROM items", "SELECT i FROM items i", "INSERT INTO items VALUES ('a', 'b')"])(
  "what needs every column is granted every column: %s",
  (sql) => {
    const { operations, apart } = proposalOf([sql], { structure });
    expect(apart).toEqual([]);
    expect(JSON.stringify(operations.map(({ scope }) => scope))).toContain('"all"');
  },
);

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
