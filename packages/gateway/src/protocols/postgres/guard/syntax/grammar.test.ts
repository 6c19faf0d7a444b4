import { beforeAll, describe, expect, it } from "vitest";
import { corpusScope } from "../../testing/guard-corpus.ts";
import { loadGrammar, MAX_TEXT_BYTES, parse } from "./grammar.ts";
import { compileScopes } from "../verdicts.ts";

beforeAll(loadGrammar);

const read = [corpusScope("read")];

/** Lets spare instances of the grammar come up. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("texts that are refused before they are parsed", () => {
  it.each([
    ["a NUL", "SELECT 1\0; DROP TABLE shop.orders", /NUL/u],
    ["a lone surrogate", "SELECT '\ud800'", /Unicode/u],
    ["too much", `SELECT '${"x".repeat(MAX_TEXT_BYTES)}'`, /longer/u],
    ["too many bytes", `SELECT '${"é".repeat(MAX_TEXT_BYTES / 2)}'`, /longer/u],
  ])("%s", (_, sql, message) => {
    const verdict = compileScopes(read)({ sql });
    expect(verdict).toMatchObject({
      kind: "deny",
      denial: { message: expect.stringMatching(message) as string },
    });
  });

  it("is not read where its parse tree is too large", () => {
    expect(() => parse(`SELECT ${"*,".repeat(350_000)}*`)).toThrow("too large to be judged");
  });

  it("says where a syntax error is, without quoting the statement", () => {
    expect(() => parse("SELECT 1 FROM FROM 'hunter2'")).toThrow(
      /^the statement does not parse: syntax error at character \d+$/u,
    );
    expect(() => parse("SELECT 'hunter2")).toThrow(
      /^the statement does not parse: unterminated quoted string/u,
    );
  });
});

describe("statements made to exhaust the stack", () => {
  const bombs: Readonly<Record<string, string>> = {
    concatenations: `SELECT 'a'${"||'a'".repeat(20_000)}`,
    parentheses: `SELECT ${"(".repeat(20_000)}1${")".repeat(20_000)}`,
    "sub-selects": `SELECT ${"(SELECT ".repeat(3000)}1${")".repeat(3000)}`,
    "sub-selects in FROM": `SELECT * FROM ${"(SELECT * FROM ".repeat(3000)}(SELECT 1) a${") a".repeat(3000)}`,
    negations: `SELECT ${"NOT ".repeat(9000)}true`,
    casts: `SELECT 1${"::int".repeat(20_000)}`,
    unions: Array.from({ length: 20_000 }, () => "SELECT 1").join(" UNION ALL "),
    joins: `SELECT 1 FROM (SELECT 1) a0 ${Array.from({ length: 5000 }, (_, i) => `CROSS JOIN (SELECT 1) a${i + 1}`).join(" ")}`,
    arrays: `SELECT ${"ARRAY[".repeat(5000)}1${"]".repeat(5000)}`,
    cases: `SELECT ${"CASE WHEN true THEN ".repeat(4000)}1${" END".repeat(4000)}`,
  };

  it.each(Object.entries(bombs))("denies %s, and judges on", async (_, sql) => {
    const judge = compileScopes(read);
    expect(judge({ sql })).toMatchObject({ kind: "deny" });
    await turn();
    expect(judge({ sql: "SELECT * FROM shop.orders" })).toMatchObject({ kind: "permit" });
    expect(judge({ sql: "SELECT * FROM shop.payroll" })).toMatchObject({ kind: "deny" });
  });

  it("survives hundreds of them: an instance that overflowed is not used again", async () => {
    const deep = bombs["sub-selects"] ?? "";
    for (let round = 0; round < 350; round += 1) {
      expect(() => parse(deep)).toThrow(/nested too deeply|not ready/u);
      if (round % 2 === 1) await turn();
    }
    await turn();
    expect(parse("SELECT 1").statements).toHaveLength(1);
  }, 60_000);

  it("refuses until a spare is ready when every instance is gone", async () => {
    for (let round = 0; round < 5; round += 1)
      expect(() => parse(bombs["casts"] ?? "")).toThrow(/nested|not ready/u);
    expect(() => parse("SELECT 1")).toThrow(/not ready/u);
    await turn();
    await turn();
    expect(parse("SELECT 1").statements).toHaveLength(1);
  });

  it("bounds the work for many tables and columns", () => {
    const judge = compileScopes(read);
    const tables = Array.from({ length: 30_000 }, (_, i) => `shop.orders o${i}`).join(",");
    expect(judge({ sql: `SELECT 1 FROM ${tables}` })).toMatchObject({
      denial: { rule: "shop-db/read: limits" },
    });
    const columns = Array.from({ length: 60_000 }, (_, i) => `1 c${i}`).join(",");
    const order = Array.from({ length: 60_000 }, (_, i) => `c${i}`).join(",");
    expect(judge({ sql: `SELECT ${columns} ORDER BY ${order}` })).toMatchObject({
      denial: { rule: "shop-db/read: limits" },
    });
  });

  it("refuses row assignments that would multiply the parse tree", () => {
    const judge = compileScopes([corpusScope("write")]);
    const nested = (depth: number): string =>
      depth === 0
        ? "SELECT 1, 2"
        : `WITH x AS (UPDATE shop.orders SET ( id /* ( */, note\n) --=\n = (${nested(depth - 1)})) SELECT 1, 2`;
    expect(judge({ sql: nested(25) })).toMatchObject({
      denial: { message: expect.stringMatching(/so many/u) as string },
    });
    const many = Array.from({ length: 1600 }, (_, i) => `c${i}`).join(", ");
    expect(judge({ sql: `UPDATE shop.orders SET a = 1, (${many}) = (SELECT ${many})` })).toMatchObject({
      denial: { message: expect.stringMatching(/so many/u) as string },
    });
    expect(
      judge({
        sql: "UPDATE shop.orders SET (total, note) = (SELECT 1, 'x'), (status) = ROW('y') WHERE id = 1",
      }),
    ).toMatchObject({
      kind: "permit",
    });
  });

  it("takes what is long but flat", () => {
    const many = Array.from({ length: 1000 }, (_, i) => `c${i} AS (SELECT 1)`).join(",");
    expect(compileScopes(read)({ sql: `WITH ${many} SELECT 1` })).toMatchObject({ kind: "permit" });
    const values = Array.from({ length: 20_000 }, (_, i) => i).join(",");
    expect(compileScopes(read)({ sql: `SELECT * FROM shop.orders WHERE id IN (${values})` })).toMatchObject({
      kind: "permit",
    });
    const or = Array.from({ length: 3000 }, (_, i) => `id = ${i}`).join(" OR ");
    expect(compileScopes(read)({ sql: `SELECT * FROM shop.orders WHERE ${or}` })).toMatchObject({
      kind: "permit",
    });
  });
});
