// Whose columns are needed, where a statement does not say.
import { beforeAll, describe, expect, it } from "vitest";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { proposalOf } from "../testing/seen.ts";

beforeAll(loadGrammar);

const join = "SELECT o.id, total, name FROM orders o JOIN customers c ON c.id = o.customer_id";
const tables = (...given: Parameters<typeof proposalOf>): unknown =>
  proposalOf(...given).operations[0]?.scope["tables"];
const uncertain = (...given: Parameters<typeof proposalOf>): unknown =>
  proposalOf(...given).operations.flatMap(({ notes }) =>
    notes.filter((note) => note.startsWith("columns that nobody has said the table has: ")),
  );

describe("a column that may be one of several tables", () => {
  it("counts for each of them where nobody knows, and a note says so", () => {
    expect(tables([join])).toEqual({
      "public.customers": ["id", "name", "total"],
      "public.orders": ["id", "customer_id", "name", "total"],
    });
    expect(uncertain([join])).toEqual([
      "columns that nobody has said the table has: public.orders.total, public.orders.name, public.customers.total, public.customers.name",
    ]);
  });

  it.each([
    [["SELECT total FROM orders", "SELECT c.name FROM customers c"]],
    [["SELECT a.total, b.name FROM orders a, customers b"]],
    [["UPDATE orders SET total = 1 WHERE id = 1", "INSERT INTO customers (name) VALUES ('x')"]],
  ])("counts for the table that other statements prove, whenever these come: %j", (others) => {
    const expected = {
      "public.customers": ["id", "name"],
      "public.orders": ["id", "customer_id", "total"],
    };
    const read = (statements: readonly string[]): unknown =>
      proposalOf(statements).operations.find(({ scope }) => JSON.stringify(scope).includes("customer_id"))
        ?.scope["tables"];
    for (const statements of [
      [join, ...others],
      [...others, join],
    ]) {
      expect(read(statements)).toMatchObject({
        "public.orders": expect.arrayContaining(expected["public.orders"]) as unknown,
        "public.customers": expect.arrayContaining(expected["public.customers"]) as unknown,
      });
      expect(JSON.stringify(read(statements))).not.toMatch(/customers":\[[^\]]*total|orders":\[[^\]]*name/u);
      expect(uncertain(statements)).toEqual([]);
    }
  });

  it("counts for exactly the one that has it by the structure", () => {
    const structure = `CREATE TABLE orders (id int, total int, customer_id int, note text);
      CREATE TABLE customers (id int, name text)`;
    expect(tables([join], { structure })).toEqual({
      "public.customers": ["id", "name"],
      "public.orders": ["id", "customer_id", "total"],
    });
    expect(uncertain([join], { structure })).toEqual([]);
  });

  it("counts for the one table that the structure does not have, if none that it has does", () => {
    const structure = "CREATE TABLE customers (id int, name text)";
    expect(tables([join], { structure })).toEqual({
      "public.customers": ["id", "name"],
      "public.orders": ["id", "customer_id", "total"],
    });
  });

  it("is certain in a query of one table, and where it is qualified", () => {
    expect(uncertain(["SELECT total, name FROM orders", "SELECT a.x, b.y FROM a, b"])).toEqual([]);
  });

  it("proves nothing where it is uncertain itself", () => {
    const other = "SELECT name FROM customers c JOIN lines l ON l.cid = c.id";
    expect(uncertain([join, other])).toHaveLength(2);
  });
});

describe("what asks for no column", () => {
  it("takes one that other statements prove, else id, and then a note says so", () => {
    expect(tables(["SELECT count(*) FROM orders"])).toEqual({ "public.orders": ["id"] });
    expect(uncertain(["SELECT count(*) FROM orders"])).toEqual([
      "columns that nobody has said the table has: public.orders.id",
    ]);
    const proven = ["SELECT count(*) FROM orders", "SELECT total FROM orders"];
    expect(tables(proven)).toEqual({ "public.orders": ["total"] });
    expect(uncertain(proven)).toEqual([]);
  });

  it("takes a key rather than another", () => {
    expect(tables(["SELECT 1 FROM orders", "SELECT total, code FROM orders o"])).toEqual({
      "public.orders": ["code", "total"],
    });
    const structure = "CREATE TABLE orders (total int, number int UNIQUE)";
    expect(tables(["SELECT count(*) FROM orders"], { structure })).toEqual({ "public.orders": ["number"] });
    expect(tables(["SELECT EXISTS (SELECT FROM orders)"], { structure })).toEqual({
      "public.orders": ["number"],
    });
  });

  it("takes id rather than another key", () => {
    const statements = ["SELECT o.total FROM orders o, lines l", "SELECT uuid, id FROM lines"];
    expect(tables(statements)).toEqual({ "public.lines": ["id"], "public.orders": ["total"] });
  });

  it("takes the first of a structure without keys", () => {
    const structure = "CREATE TABLE orders (total int, note text)";
    expect(tables(["SELECT count(*) FROM orders"], { structure })).toEqual({ "public.orders": ["total"] });
    expect(uncertain(["SELECT count(*) FROM orders"], { structure })).toEqual([]);
  });

  it("takes one of each table", () => {
    expect(tables(["SELECT 1 FROM orders, lines"])).toEqual({
      "public.lines": ["id"],
      "public.orders": ["id"],
    });
  });
});

describe("how columns are written", () => {
  it("id comes first, then the others by their names", () => {
    expect(tables(["SELECT c, a, id, b FROM t"])).toEqual({ "public.t": ["id", "a", "b", "c"] });
    expect(tables(["UPDATE t SET c = z, a = y, id = 1 WHERE id = 2"])).toEqual({
      "public.t": { update: ["id", "a", "c"], select: ["y", "z"] },
    });
  });

  it("tables come by their names, and those without a schema beside the same with one", () => {
    expect(
      Object.keys(tables(["SELECT b.x, a.x, c.x FROM b, a, other.c, public.b d"]) as Record<string, unknown>),
    ).toEqual(["other.c", "public.a", "public.b"]);
  });
});
