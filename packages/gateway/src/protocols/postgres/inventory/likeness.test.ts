import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, it } from "vitest";
import { likenessOf } from "./likeness.ts";

const constants = fc.oneof(
  fc.nat().map(String),
  fc.constantFrom("1.5", "1e10", "0x1F", "1_000", "$1", "$27"),
  fc.string({ maxLength: 12 }).map((text) => `'${text.replaceAll("\\", "").replaceAll("'", "''")}'`),
  fc
    .string({ maxLength: 12 })
    .map((text) => `E'${text.replaceAll("\\", "\\\\").replaceAll("'", String.raw`\'`)}'`),
  fc.constantFrom("$$it's$$", "$tag$ $$ ' -- $tag$", "B'0101'", "X'1F'", "N'a'"),
);

describe("statements that are alike", () => {
  it("differ in their values alone, however these are written", () => {
    fc.assert(
      fc.property(constants, constants, (one, other) => {
        const like = likenessOf(`SELECT a FROM t WHERE b = ${one} AND c > 1`);
        expect(likenessOf(`SELECT a FROM t WHERE b = ${other} AND c > 2`)).toBe(like);
      }),
    );
  });

  it.each([
    ["SELECT a FROM t WHERE b IN (1)", "SELECT a FROM t WHERE b IN (2)"],
    ["SELECT a FROM t WHERE b IN (1, 2)", "SELECT a FROM t WHERE b IN (1,2,3,'x',$4)"],
    [
      "INSERT INTO t (a, b) VALUES (1, 2), (3, 4)",
      "INSERT INTO t (a, b) VALUES (1, 2), (3, 4),(5,6), (7, 8)",
    ],
    ["SELECT a FROM t", "SELECT  a\n\tFROM t  "],
    ["SELECT a FROM t", "/* why */ SELECT a FROM t -- it's 'why"],
    ["SELECT a /* 1 */ FROM t", "SELECT a /* it's\n2 */ FROM t"],
    ["SELECT a -- 1\nFROM t", "  SELECT a -- it's 'why\nFROM t"],
    ["SELECT a FROM t", "SELECT a /* b /* c */ */ FROM t"],
    ["SELECT a FROM t WHERE b = '\\'", "SELECT a FROM t WHERE b = E'\\''"],
    ["SELECT a FROM t WHERE b = 'it''s'", String.raw`SELECT a FROM t WHERE b = E'it\'s'`],
    ["SELECT a FROM t WHERE b = $x$ ' $x$", "SELECT a FROM t WHERE b = $$ -- $$"],
  ])("%s is like %s", (one, other) => expect(likenessOf(one)).toBe(likenessOf(other)));
});

describe("statements that are not alike", () => {
  it.each([
    ["SELECT a FROM t", "SELECT b FROM t"],
    ["SELECT a FROM t", "SELECT a FROM u"],
    ["SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b > 1"],
    ["SELECT a1 FROM t", "SELECT a2 FROM t"],
    ["SELECT a$1 FROM t", "SELECT a$2 FROM t"],
    ['SELECT "a" FROM t', 'SELECT "A" FROM t'],
    ['SELECT "a 1" FROM t', 'SELECT "a 2" FROM t'],
    [`SELECT "a'1'" FROM t`, `SELECT "a'2'" FROM t`],
    ['SELECT "a""1" FROM t', 'SELECT "a""2" FROM t'],
    ["SELECT ä1 FROM t", "SELECT ä2 FROM t"],
    [String.raw`SELECT n'\', a, 'x' FROM t`, String.raw`SELECT n'\', b, 'x' FROM t`],
    ["SELECT '--', a FROM t", "SELECT '--', b FROM t"],
    ["SELECT '/*', a FROM t", "SELECT '/*', b FROM t"],
    ["SELECT $a$ ' $a$, a FROM t", "SELECT $a$ ' $a$, b FROM t"],
    ["SELECT a FROM t WHERE b IN (1)", "SELECT a FROM t WHERE b IN (1, 2)"],
    ["INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1, 2)"],
  ])("%s is not like %s", (one, other) => expect(likenessOf(one)).not.toBe(likenessOf(other)));
});

describe("what stands for a statement", () => {
  it("has no value of it", () => {
    const sql = `SELECT a, 'marker', E'marker', $$marker$$, $m$marker$m$, B'0101', 'a''marker' FROM t -- marker
      WHERE b IN (4711, 4711.5) /* marker */`;
    expect(likenessOf(sql)).not.toMatch(/marker|4711|0101/u);
  });

  it("is bounded, of one piece and of many, and tells long ones apart", () => {
    const long = "a,".repeat(20_000);
    for (const sql of [long, `'${"x".repeat(50_000)}'`, "x".repeat(50_000), " ".repeat(50_000), `'${long}`])
      expect(likenessOf(sql).length).toBeLessThanOrEqual(4096);
    expect(likenessOf(`SELECT ${long} 1`)).toBe(likenessOf(`SELECT ${long} 2`));
    expect(likenessOf(`SELECT ${long} a`)).not.toBe(likenessOf(`SELECT ${long} b`));
  });

  it("is the same for long lists", () => {
    const sql = (count: number): string => `SELECT a FROM t WHERE b IN (${"1,".repeat(count)}1) AND c = 1`;
    expect(likenessOf(sql(20_000))).toBe(likenessOf(sql(5)));
  });

  it.each([
    "SELECT 'marker",
    'SELECT "marker',
    "SELECT $$marker",
    "SELECT E'\\'marker",
    "SELECT /* /* */ marker",
  ])("is of a text without an end its own, and holds nothing of it: %s", (sql) => {
    expect(likenessOf(sql)).not.toContain("marker");
    expect(likenessOf(sql)).not.toBe(likenessOf(`${sql}2`));
    expect(likenessOf(sql)).toBe(likenessOf(sql));
  });

  it("ends for whatever text, and blanks around it do not count", () => {
    const pieces = Array.from("'\"$-/*\\ab1\n,()?;");
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...pieces) }), (sql) => {
        const like = likenessOf(sql);
        expect(like.startsWith("\0") || like === likenessOf(` ${sql} `)).toBe(true);
      }),
    );
  });
});
