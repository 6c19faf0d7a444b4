// Which updates and deletes must select rows by key.
import { beforeAll, describe, expect, it } from "vitest";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { loaded, permitsBy, proposalOf } from "../testing/seen.ts";

beforeAll(loadGrammar);

/** The name of the only operation, and the keys of `public.items` where it demands any. */
function only(sql: string, structure?: string): readonly [name: string | undefined, keys?: unknown] {
  const { operations, apart } = proposalOf([sql], structure === undefined ? {} : { structure });
  expect(apart).toEqual([]);
  expect(operations).toHaveLength(1);
  const [operation] = operations;
  const { require_where: isKeyed, tables } = loaded(operation?.scope ?? {});
  const entry = tables["public.items"];
  if (!isKeyed) return [operation?.name];
  return [operation?.name, typeof entry === "object" && "where" in entry ? entry.where : ["id"]];
}

describe("where nobody has said which keys there are", () => {
  it.each([
    ["DELETE FROM items WHERE id = 1", "delete-items", ["id"]],
    ["DELETE FROM items WHERE id = ANY ($1)", "delete-items", ["id"]],
    ["UPDATE items SET a = 1 WHERE uuid = $1", "update-items", ["uuid"]],
    ["UPDATE items SET a = 1 WHERE slug = 'x'", "update-any-items"],
    ["UPDATE items SET a = 1 WHERE key = 'x'", "update-any-items"],
    ["UPDATE items SET a = 1 WHERE code = 'x'", "update-any-items"],
    ["UPDATE items SET a = 1 WHERE iid = 1", "update-items", ["iid"]],
    ["UPDATE items SET a = 1 WHERE pid = 1", "update-any-items"],
    ["UPDATE items SET a = 1 WHERE paid = true", "update-any-items"],
    ["UPDATE items SET a = 1 WHERE items_id = 1", "update-any-items"],
    ["UPDATE items SET a = 1 WHERE item_id = 1", "update-items", ["item_id"]],
    ["UPDATE items SET a = 1 WHERE order_id = 1", "update-any-items"],
    ["UPDATE items SET a = 1 WHERE ident = 1", "update-any-items"],
    ["UPDATE items SET a = 1 WHERE uuid = 'x' AND id = 1", "update-items", ["id"]],
    ["UPDATE items SET a = 1 WHERE id > 1", "update-any-items"],
    ["UPDATE items SET a = 1 WHERE id = 1 OR b = 2", "update-any-items"],
    ["UPDATE items SET a = 1 WHERE id IN (SELECT id FROM items)", "read-and-update-any-items"],
    ["UPDATE items SET a = 1", "update-any-items"],
    ["DELETE FROM items", "delete-any-items"],
    ["INSERT INTO items (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 1", "upsert-items", ["id"]],
    ["INSERT INTO items (b) VALUES (1) ON CONFLICT (b) DO UPDATE SET a = 1", "upsert-items"],
    ["UPDATE items SET a = v.a FROM (VALUES (1, 2)) v (id, a) WHERE items.id = v.id", "update-items", ["id"]],
    [
      "MERGE INTO items USING (VALUES (1, 2)) v (id, a) ON items.id = v.id WHEN MATCHED THEN UPDATE SET a = v.a",
      "update-items",
      ["id"],
    ],
  ])("their names tell: %s", (sql, ...expected) => expect(only(sql)).toEqual(expected));
});

describe("where a structure says them", () => {
  const structure = `CREATE TABLE items (id int, number int, mail text UNIQUE, a int, b int, PRIMARY KEY (number));`;

  it.each([
    ["DELETE FROM items WHERE number = 1", "delete-items", ["number"]],
    ["DELETE FROM items WHERE mail = 'x'", "delete-items", ["mail"]],
    ["DELETE FROM items WHERE id = 1", "delete-any-items"],
    ["DELETE FROM items WHERE a = 1", "delete-any-items"],
  ])("they count, and names do not: %s", (sql, ...expected) =>
    expect(only(sql, structure)).toEqual(expected),
  );

  it("id is none of another table that is changed beside", () => {
    const others = `${structure}; CREATE TABLE others (id int, code int UNIQUE, a int)`;
    const sql = "WITH u AS (UPDATE items SET a = 1 WHERE number = 1) UPDATE others SET a = 2 WHERE ";
    expect(only(`${sql} id = 1`, others)).toEqual(["update-any-items-and-others"]);
    expect(only(`${sql} code = 1`, others)).toEqual(["update-items-and-others", ["number"]]);
  });

  it("names tell of no table, be it one that has no key", () => {
    const [name] = only("DELETE FROM items WHERE id = 1", "CREATE TABLE items (id int, CHECK (id > 0))");
    expect(name).toBe("delete-any-items");
  });

  it("those of several columns are none, since no one of them tells rows apart", () => {
    const lines = "CREATE TABLE items (id int, line int, PRIMARY KEY (id, line))";
    expect(only("DELETE FROM items WHERE id = 1 AND line = 2", lines)).toEqual(["delete-any-items"]);
  });
});

describe("writes with a key and writes without", () => {
  const operations = (): ReturnType<typeof proposalOf>["operations"] =>
    proposalOf([
      "UPDATE items SET a = 1 WHERE id = 1",
      "UPDATE items SET b = 1 WHERE uuid = 'x'",
      "UPDATE items SET c = 1 WHERE d = 1",
      "DELETE FROM items WHERE id = 1",
      "DELETE FROM items",
    ]).operations;

  it("are operations of their own, and only those without say that they reach any number of rows", () => {
    expect(operations().map(({ name, risk, scope }) => [name, risk, scope["require_where"]])).toEqual([
      ["update-items", "medium", true],
      ["update-any-items", "high", undefined],
      ["delete-items", "high", true],
      ["delete-any-items", "high", undefined],
    ]);
    const [keyed, any] = operations();
    expect(keyed?.description).toContain("by key");
    expect(any?.description).toContain("any number of rows at a time");
  });

  it("one operation takes the keys of all its writes, id among them", () => {
    const [keyed] = operations();
    expect(keyed?.scope["tables"]).toEqual({ "public.items": { update: ["a", "b"], where: ["id", "uuid"] } });
    const isPermitted = permitsBy({})([loaded(keyed?.scope ?? {})]);
    expect(isPermitted("UPDATE items SET a = 1 WHERE id = 1")).toBe(true);
    expect(isPermitted("UPDATE items SET a = 1 WHERE uuid = 'x'")).toBe(true);
    expect(isPermitted("UPDATE items SET a = 1 WHERE a = 1")).toBe(false);
    expect(isPermitted("UPDATE items SET a = 1")).toBe(false);
  });
});

it("a write that also inserts says by its risk that it reaches any number of rows", () => {
  const { operations } = proposalOf(["INSERT INTO items (b) VALUES (1) ON CONFLICT DO NOTHING"]);
  expect(operations).toMatchObject([{ name: "insert-items", risk: "medium" }]);
  const { operations: upserts } = proposalOf([
    "INSERT INTO items (b) VALUES (1) ON CONFLICT (b) DO UPDATE SET a = 1",
  ]);
  expect(upserts).toMatchObject([{ name: "upsert-items", risk: "high" }]);
});
