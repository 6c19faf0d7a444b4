import { beforeAll, expect, it, test } from "vitest";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { shownStatement } from "./shown.ts";

beforeAll(loadGrammar);

it.each([
  ["SELECT a FROM t WHERE b = 'x' AND c = 1", "SELECT a FROM t WHERE b = ? AND c = ?"],
  ["SELECT a FROM t WHERE b IN (1, 2,3)", "SELECT a FROM t WHERE b IN (?…,?)"],
  ["SELECT a FROM t WHERE b IN (1, 2, 3)", "SELECT a FROM t WHERE b IN (?…)"],
  ["SELECT\n  a\tFROM t -- why\n", "SELECT a FROM t"],
  ["/* why */ SELECT a /* and why */ FROM t", "SELECT a FROM t"],
  ["SELECT E'x', $$x$$, $t$x$t$, U&'x', B'01', X'1F', 1.5, 1e3", "SELECT ?…"],
  ["SELECT a FROM t WHERE b = $1 AND c::text = 'x'", "SELECT a FROM t WHERE b = $1 AND c::text = ?"],
  ["SELECT a FROM t WHERE b = 'x'\n 'y'", "SELECT a FROM t WHERE b = ?"],
  ['SELECT "a b", "ü", 日本 FROM "T"', 'SELECT "a b", "ü", 日本 FROM "T"'],
  ["SELECT '日本', a FROM t", "SELECT ?, a FROM t"],
  ["SELECT a FROM t; DELETE FROM t", "SELECT a FROM t; DELETE FROM t"],
  ["CREATE ROLE a PASSWORD 'x'", "CREATE ROLE a PASSWORD ?"],
  ["SELECT f(a=>1), a>=2, a<>3 FROM t", "SELECT f(a=>?), a>=?, a<>? FROM t"],
  ["-- nothing", ""],
])("%j is shown as %j", (sql, shown) => expect(shownStatement(sql)).toBe(shown));

it.each(["SELECT FROM WHERE", "SELECT 'x", "SELECT 'x' 'y'", "SELECT '\0'", "SELECT '\ud800'", "💥"])(
  "what does not parse is not shown: %j",
  (sql) => expect(shownStatement(sql)).toBe("(a text that is no SQL)"),
);

test("a long statement is cut", () => {
  const shown = shownStatement(`SELECT ${"column_name, ".repeat(100)} a FROM t`);
  expect(shown).toHaveLength(160);
  expect(shown).toMatch(/^SELECT column_name, .*…$/u);
  const exact = `SELECT ${"a".repeat(60)}, ${"b".repeat(60)}, ${"c".repeat(15)} FROM tables`;
  expect(shownStatement(exact)).toBe(exact.length <= 160 ? exact : `${exact.slice(0, 159)}…`);
});

test("it is one line of what a reader sees, though names hold line ends and reversing characters", () => {
  const shown = shownStatement('SELECT "a\nb", "c\u202ed", "e\u200bf" FROM "f\u2028g"');
  expect(shown).toMatch(/^[\x20-\x7e]+$/u);
  expect(shown).toContain(String.raw`\u{202e}`);
});
