// tier: full
// Statements that somebody wrote to cost much: all are covered or set apart, and soon.
import fc from "@mayfly/testing/fast-check.ts";
import { beforeAll, describe, expect, it } from "vitest";
import { GuardDenied } from "../guard/denied.ts";
import { loadGrammar, parse } from "../guard/syntax/grammar.ts";
import { permitsBy, proposalOf, scopesOf } from "../testing/seen.ts";
import { type NeedsParts, needsOf } from "./needs.ts";
import { assumedDatabase } from "./structure.ts";

beforeAll(loadGrammar);

const many = (count: number, name: (index: number) => string, between = ", "): string =>
  Array.from({ length: count }, (_, index) => name(index)).join(between);

/** What becomes of a statement, once it is held against the guard. */
function fate(sql: string): "covered" | "draft" | "apart" {
  const proposal = proposalOf([sql]);
  const { operations, apart } = proposal;
  expect(operations.length + apart.length).toBe(1);
  const scopes = scopesOf(proposal).map(({ scope }) => scope);
  if (scopes.length === 0) return "apart";
  expect(permitsBy({})(scopes)(sql)).toBe(true);
  return operations.length === 1 ? "covered" : "draft";
}

describe("a statement", () => {
  it.each([
    ["reads 300 columns", `SELECT ${many(300, (at) => `c${at}`)} FROM t`],
    ["reads 200 columns of two tables", `SELECT ${many(100, (at) => `a.c${at}, b.c${at}`)} FROM a, b`],
    [
      "joins 12 tables by bare names",
      `SELECT ${many(12, (at) => `x${at}`)} FROM ${many(12, (at) => `t${at}`)}`,
    ],
    ["has 3,000 conditions", `SELECT id FROM t WHERE ${many(3000, (at) => `a = ${at}`, " OR ")}`],
    ["has a text of a megabyte", `SELECT id FROM t WHERE a = '${"x".repeat(1_000_000)}'`],
    ["has a list of 20,000 values", `SELECT id FROM t WHERE a IN (${many(20_000, String)})`],
    [
      "has a list of 2,000 texts that could be names",
      `SELECT id FROM t WHERE a IN (${many(2000, (at) => `'c${at}'`)})`,
    ],
    ["inserts 5,000 rows", `INSERT INTO t (a, b) VALUES ${many(5000, (at) => `(${at}, 'x')`)}`],
    ["has a comment of a megabyte", `SELECT id FROM t /* ${"x".repeat(1_000_000)} */`],
    ["is nested a little", `SELECT id FROM ${"(SELECT id FROM ".repeat(20)}t${") x".repeat(20)}`],
    ["nests conditions", `SELECT id FROM t WHERE ${"(".repeat(400)}a${")".repeat(400)}`],
  ])("that %s is covered", (_, sql) => expect(fate(sql)).toBe("covered"));

  it.each([
    ["reads 2,000 columns", `SELECT ${many(2000, (at) => `c${at}`)} FROM t`],
    [
      "names 300 tables with a column each",
      `SELECT ${many(300, (at) => `t${at}.c${at}`)} FROM ${many(300, (at) => `t${at}`)}`,
    ],
    [
      "joins 100 tables by bare names",
      `SELECT ${many(100, (at) => `x${at}`)} FROM ${many(100, (at) => `t${at}`)}`,
    ],
    ["calls 1,000 functions of its own", `SELECT ${many(1000, (at) => `f${at}(1)`)} FROM t`],
    ["nests 300 sub-selects", `SELECT id FROM ${"(SELECT id FROM ".repeat(300)}t${") x".repeat(300)}`],
    ["nests 3,000 operators", `SELECT id FROM t WHERE ${"NOT ".repeat(3000)}a`],
    ["is a million brackets", "(".repeat(1_000_000)],
    ["never closes a quote", `SELECT id FROM t WHERE a = ${"'".repeat(1_000_001)}`],
    ["never closes a comment", `SELECT id FROM t ${"/* ".repeat(300_000)}`],
    ["has five megabytes", `SELECT '${"x".repeat(5_000_000)}'`],
    ["holds a NUL", "SELECT id FROM t WHERE a = '\0'"],
    ["holds half a character", "SELECT id FROM t WHERE a = '\ud800'"],
  ])("that %s is set apart", (_, sql) => expect(fate(sql)).toBe("apart"));

  it("of any text at all is counted once, covered or told", () => {
    const words = [
      "SELECT",
      "FROM",
      "t",
      "a",
      ",",
      "(",
      ")",
      "*",
      "'x'",
      "1",
      ";",
      "UPDATE",
      "SET",
      "=",
      '"',
      "$$",
      "WHERE",
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 12 }), (given) => {
        const { operations, apart, freely } = proposalOf([given.join(" ")]);
        const kinds = [...operations, ...apart].map(({ evidence }) => evidence.kinds);
        expect(kinds.reduce((one, other) => one + other, freely.kinds)).toBeLessThanOrEqual(given.length + 1);
      }),
    );
  });
});

describe("more than anybody reads", () => {
  it("is told in one entry, with how often it was done", () => {
    const acts = (sql: (index: number) => string): readonly { act: string; times: number }[] =>
      Array.from({ length: 520 }, (_, index) => ({ act: sql(index), times: index < 500 ? 3 : 2 }));
    const { operations, apart } = proposalOf(acts((index) => `SELECT id FROM t${index}`));
    expect(operations).toHaveLength(500);
    expect(apart).toMatchObject([
      { reason: "there are too many operations for anybody to read", evidence: { kinds: 20, times: 40 } },
    ]);
    const { apart: more } = proposalOf(acts((index) => `SELECT f${index}()`));
    expect(more.length).toBeLessThan(250);
    expect(more.reduce((sum, { evidence }) => sum + evidence.times, 0)).toBe(500 * 3 + 20 * 2);
  });
});

describe("what it costs to look", () => {
  const parts: NeedsParts = {
    searchPath: ["public"],
    database: assumedDatabase(undefined),
    columnsOf: () => undefined,
    isWholeKnown: () => false,
    isOwnType: () => true,
    isOwnFunction: () => true,
    spend: () => undefined,
    temporaries: new Set(),
    keysOf: () => [],
  };
  const statement = "SELECT a, b, c FROM t WHERE d = 1";

  it("is spent before each question, more for what is longer and names more tables, and counts what is asked about", () => {
    const spent = (sql: string, characters: number): readonly number[] => {
      const all: number[] = [];
      needsOf(parse(sql).statements[0], characters, { ...parts, spend: (amount) => all.push(amount) });
      return all;
    };
    const [short, long] = [spent(statement, 0), spent(statement, 8000)];
    expect(short.length).toBeGreaterThan(3);
    expect(long.map((amount, index) => amount - (short[index] ?? 0) >= 1000)).toEqual(short.map(() => true));
    // Nothing at all is asked about first.
    expect(Math.min(...short)).toBe(0);
    expect(Math.max(...short)).toBeGreaterThan(Math.min(...short));
    const most = (sql: string): number => Math.max(...spent(sql, 0));
    expect(most("SELECT a, b, c FROM t, u, v WHERE d = 1")).toBeGreaterThan(most(statement));
  });

  it("ends the looking where it is too much for all statements together", () => {
    let left = 3;
    const spend = (): void => {
      left -= 1;
      if (left < 0) throw new GuardDenied("limits", "too much");
    };
    expect(() => needsOf(parse(statement).statements[0], 30, { ...parts, spend })).toThrow("too much");
  });

  it("lets errors that are no refusals through", () => {
    const spend = (): never => {
      throw new RangeError("broken");
    };
    expect(() => needsOf(parse(statement).statements[0], 30, { ...parts, spend })).toThrow(RangeError);
  });

  it("lets errors of the guard that are no refusals through, and takes none for one", () => {
    let isBroken = false;
    const database = new Proxy(assumedDatabase(undefined), {
      get(known, member) {
        if (isBroken) throw new RangeError("broken");
        return Reflect.get(known, member) as unknown;
      },
    });
    const spend = (): void => {
      isBroken = true;
    };
    expect(() => needsOf(parse(statement).statements[0], 30, { ...parts, database, spend })).toThrow(
      "broken",
    );
  });
});
