import { beforeAll, describe, expect, it } from "vitest";
import { MayflyError } from "../../../kernel/errors.ts";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { scopeSchema } from "../scope.ts";
import { judgeOf } from "./judge.ts";

beforeAll(loadGrammar);

type Parts = Parameters<typeof judgeOf>[1];

const judged = (written: object, sql: string, parts: Parts = {}): unknown => {
  const verdict = judgeOf([{ name: "shop-db/read", scope: scopeSchema.parse(written) }], parts)(sql);
  return verdict.kind === "permit" ? verdict.operation : verdict.denial.message;
};
const read = { statements: ["select"], tables: { "public.orders": ["id", "note"] } };

describe("a statement", () => {
  it("is judged as a session would", () => {
    expect(judged(read, "SELECT id FROM orders")).toBe("shop-db/read");
    expect(judged(read, "SELECT total FROM orders")).not.toBe("shop-db/read");
    expect(judged(read, "SELECT FROM WHERE")).toMatch(/does not parse/u);
    expect(judged(read, "")).toBe("shop-db/read");
  });

  it("is judged by itself: what it names was judged before", () => {
    expect(judged(read, "EXECUTE prepared(1)")).toBe("shop-db/read");
    expect(judged(read, "FETCH 5 FROM declared")).toBe("shop-db/read");
  });

  it("is judged in the connection's search path", () => {
    const crm = { statements: ["select"], tables: { "crm.orders": ["id"] } };
    expect(judged(crm, "SELECT id FROM orders", { target: { search_path: ["crm"] } })).toBe("shop-db/read");
    expect(judged(crm, "SELECT id FROM orders")).not.toBe("shop-db/read");
  });

  it("may be covered by one operation of several", () => {
    const scopes = [
      { name: "shop-db/read", scope: scopeSchema.parse(read) },
      {
        name: "shop-db/write",
        scope: scopeSchema.parse({ statements: ["insert"], tables: { "public.orders": ["id"] } }),
      },
    ];
    const judge = judgeOf(scopes, {});
    expect(judge("INSERT INTO orders (id) VALUES (1)")).toMatchObject({
      kind: "permit",
      operation: "shop-db/write",
    });
    expect(judge("SELECT id FROM orders")).toMatchObject({ kind: "permit", operation: "shop-db/read" });
    expect(judge("DELETE FROM orders")).toMatchObject({ kind: "deny" });
    expect(judgeOf([], {})("SELECT 1")).toMatchObject({ kind: "deny" });
  });
});

describe("a pattern", () => {
  it.each([
    [{ statements: ["select"], tables: { "public.*": "all" } }, "SELECT a FROM whatever", true],
    [{ statements: ["select"], tables: { "public.order_*": ["id"] } }, "SELECT id FROM order_lines", true],
    [{ statements: ["select"], tables: { "public.order_*": ["id"] } }, "SELECT id FROM lines", false],
    [{ statements: ["select"], functions: ["public.price_*"] }, "SELECT price_of(1)", true],
    [{ statements: ["select"], functions: ["public.price_*"] }, "SELECT cost_of(1)", false],
    [{ statements: ["call"], procedures: ["public.close_*"] }, "CALL close_month()", true],
    [{ statements: ["select"], tables: { "public.*": "all" } }, "SELECT FROM WHERE", false],
  ])("%j takes the names in a statement to exist: %s: %s", (written, sql, isPermitted) => {
    expect(judged(written, sql) === "shop-db/read").toBe(isPermitted);
    expect(judged(written, sql, { structure: "CREATE TABLE other (id int)" }) === "shop-db/read").toBe(
      isPermitted,
    );
  });
});

describe("a structure", () => {
  const long = "SELECT id FROM orders WHERE note LIKE '%' || note || '%'";

  it("tells how long values may be; without one they are taken to be short", () => {
    expect(judged(read, long)).toBe("shop-db/read");
    expect(judged(read, long, { structure: "CREATE TABLE orders (id int, note varchar(20))" })).toBe(
      "shop-db/read",
    );
    expect(judged(read, long, { structure: "CREATE TABLE orders (id int, note text)" })).toMatch(
      /nothing could end/u,
    );
  });

  it("is in the first schema of the search path", () => {
    const crm = { statements: ["select"], tables: { "crm.orders": ["id"], "crm.lines": "all" } };
    const structure = "CREATE TABLE orders (id int, no int); CREATE TABLE lines (no int)";
    const target = { search_path: ["crm"] };
    // The column is that of the table which is granted whole, if it is known to have it.
    expect(judged(crm, "SELECT no FROM orders, lines", { target, structure })).toBe("shop-db/read");
    expect(judged(crm, "SELECT no FROM orders, lines", { target })).not.toBe("shop-db/read");
  });

  it("is refused where it cannot be read", () => {
    expect(() => judged(read, "SELECT 1", { structure: "CREATE" })).toThrow(MayflyError);
  });
});
