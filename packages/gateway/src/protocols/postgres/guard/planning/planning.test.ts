import { beforeAll, describe, expect, it } from "vitest";
import { scopeSchema } from "../../scope.ts";
import { plainDatabase } from "../database.ts";
import { loadGrammar } from "../syntax/grammar.ts";
import { compileScopes } from "../verdicts.ts";

beforeAll(loadGrammar);

const scope = scopeSchema.parse({
  statements: ["select", "insert", "update", "delete"],
  tables: { "public.t": "all", "public.u": "all" },
});
const judge = compileScopes([{ name: "shop/x", scope }]);
const verdict = (sql: string): string => {
  const found = judge({ sql, database: plainDatabase });
  return found.kind === "permit" ? "permit" : `${found.denial.rule}: ${found.denial.message}`;
};
const refused = (message: string): string => `shop/x: limits: nothing could end this statement: ${message}`;

const some = (count: number, part: (at: number) => string, between = ", "): string =>
  Array.from({ length: count }, (_, at) => part(at)).join(between);
const ors = (count: number): string => some(count, (at) => `id = ${at}`, " OR ");
/** One thing around another, again and again. */
const around = (levels: number, outer: (inner: string, level: number) => string, inmost: string): string =>
  Array.from({ length: levels }).reduce<string>((inner, _, level) => outer(inner, level), inmost);
const nested = (
  levels: number,
  outer: (inner: string, level: number) => string,
  inmost = "SELECT x FROM t",
): string => around(levels, outer, inmost);
const doubling = nested(24, (inner, level) => `SELECT x + x AS x FROM (${inner}) s${level}`);
/** WITH queries, each of which names the one before. */
function withs(levels: number, next: (before: string) => string, how = "", clause = "WITH"): string {
  const all = some(levels, (level) => `c${level + 1} AS ${how} (${next(`c${level}`)})`);
  return `${clause} c0 AS (SELECT x, y FROM t), ${all} SELECT x FROM c${levels}`;
}

describe("what becomes large as PostgreSQL puts it together", () => {
  it.each([
    ["sub-selects in FROM", doubling],
    ["under other names", nested(24, (inner, level) => `SELECT y + y AS x FROM (${inner}) s${level} (y)`)],
    [
      "under exchanged names",
      nested(
        24,
        (inner, level) => `SELECT 1 AS x, x + x AS y FROM (${inner}) s${level} (y, x)`,
        "SELECT x, y FROM t",
      ),
    ],
    ["rows", nested(24, (inner, level) => `SELECT s${level}.x = s${level}.x AS x FROM (${inner}) s${level}`)],
    ["whole rows", nested(24, (inner, at) => `SELECT s${at} = s${at} AS x FROM (${inner}) s${at}`)],
    ["in WHERE", `SELECT 1 FROM (${doubling}) z WHERE x = 1`],
    ["a star", nested(24, (inner, level) => `SELECT x + x AS x FROM (SELECT * FROM (${inner}) r) s${level}`)],
    ["WITH", withs(24, (before) => `SELECT x + x AS x, y FROM ${before}`)],
    [
      "WITH RECURSIVE without recursion",
      withs(24, (before) => `SELECT x + x AS x, y FROM ${before}`, "", "WITH RECURSIVE"),
    ],
    [
      "WITH RECURSIVE backwards",
      `WITH RECURSIVE ${some(24, (at) => `c${24 - at} AS (SELECT x + x AS x FROM c${23 - at})`)}, c0 AS (SELECT x FROM t) SELECT x FROM c24`,
    ],
    [
      "copies of WITH",
      withs(18, (before) => `SELECT x FROM ${before} UNION ALL SELECT x FROM ${before}`, "NOT MATERIALIZED"),
    ],
    [
      "copies of WITH in expressions",
      withs(
        18,
        (before) => `SELECT (SELECT max(x) FROM ${before}) + (SELECT max(x) FROM ${before}) AS x`,
        "NOT MATERIALIZED",
      ),
    ],
    [
      "the first arm of UNION ALL",
      nested(24, (inner, at) => `SELECT x + x AS x FROM (${inner} UNION ALL SELECT 1) s${at}`),
    ],
    [
      "the second arm, of another name",
      nested(
        24,
        (inner, at) =>
          `SELECT y + y AS x FROM (SELECT 1 AS y UNION ALL SELECT x FROM (${inner}) r${at}) s${at}`,
      ),
    ],
    [
      "conditions in each arm",
      `SELECT 1 FROM (${some(200, () => "SELECT id FROM t", " UNION ALL ")}) s WHERE ${ors(500)}`,
    ],
    [
      "items of a join",
      nested(24, (inner, at) => `SELECT x + x AS x FROM t t${at} JOIN (${inner}) s${at} USING (x)`),
    ],
    ["a join with a name", nested(24, (inner) => `SELECT j.x + j.x AS x FROM ((${inner}) s CROSS JOIN u) j`)],
    [
      "LATERAL",
      `SELECT x24 FROM t ${some(24, (n) => `, LATERAL (SELECT ${n === 0 ? "x" : `x${n}`} + ${n === 0 ? "x" : `x${n}`} AS x${n + 1}) l${n + 1}`, "")}`,
    ],
    [
      "VALUES",
      `SELECT 1 FROM t v0 ${some(24, (n) => `, LATERAL (VALUES (v${n}.x + v${n}.x)) v${n + 1} (x)`, "")}`,
    ],
    ["an INSERT", `INSERT INTO t (x) ${doubling}`],
    ["an UPDATE", `UPDATE t SET x = z.x FROM (${doubling}) z WHERE t.id = 1`],
    ["a DELETE", `DELETE FROM t USING (${doubling}) z WHERE t.id = 1 AND z.x = t.x`],
    [
      "a MERGE",
      `MERGE INTO t USING (${doubling}) z ON t.id = 1 AND t.x = z.x WHEN MATCHED THEN UPDATE SET x = 1`,
    ],
    ["PREPARE", `PREPARE p AS ${doubling}`],
    ["EXPLAIN", `EXPLAIN ${doubling}`],
    ["a sub-select in an expression", `SELECT (SELECT 1 FROM (${doubling}) z)`],
    ["BETWEEN", `SELECT ${around(20, (inner) => `(${inner} BETWEEN 0 AND 1)::int`, "x")} FROM t`],
    [
      "BETWEEN SYMMETRIC",
      `SELECT ${around(9, (inner) => `(${inner} NOT BETWEEN SYMMETRIC 0 AND 1)::int`, "x")} FROM t`,
    ],
    [
      "what BETWEEN SYMMETRIC compares with",
      `SELECT ${around(20, (inner) => `(x BETWEEN SYMMETRIC ${inner} AND 1)::int`, "x")} FROM t`,
    ],
    ["IN", `SELECT ${around(3, (inner) => `(${inner} IN (${some(200, () => "y")}))::int`, "x")} FROM t`],
    ["IN a sub-select", `SELECT ${around(20, (inner) => `(${inner} IN (SELECT 1))::int`, "x")} FROM t`],
    [
      "a merged column",
      `SELECT ARRAY[${some(1000, () => "id")}] FROM t a ${some(60, (at) => `FULL JOIN t b${at} USING (id)`, " ")}`,
    ],
  ])("%s", (_, sql) => {
    expect(verdict(sql)).toBe(refused("its parts, put into one another, become too large"));
  });

  it.each([
    ["a few levels", nested(10, (inner, level) => `SELECT x + x AS x FROM (${inner}) s${level}`)],
    ["each column once", nested(60, (inner, level) => `SELECT x + 1 AS x FROM (${inner}) s${level}`)],
    [
      "stars of many columns",
      `SELECT * FROM (${nested(20, (inner, level) => `SELECT * FROM (SELECT ${some(40, (at) => `c${at}`)} FROM (${inner}) r) s${level}`, `SELECT ${some(40, (at) => `x AS c${at}`)} FROM t`)}) z`,
    ],
    [
      "beside a large one",
      `SELECT ${some(200, () => "y", " + ")} FROM (SELECT x, y FROM (${nested(8, (inner, level) => `SELECT x + x AS x, y FROM (${inner}) s${level}`, "SELECT x, y FROM t")}) z) q`,
    ],
    ["WITH that is kept", withs(24, (before) => `SELECT x + x AS x, y FROM ${before}`, "MATERIALIZED")],
    [
      "a recursion",
      "WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + x FROM r WHERE x < 100) SELECT x + x FROM r",
    ],
    ["behind OFFSET 0", nested(24, (inner, level) => `SELECT x + x AS x FROM (${inner} OFFSET 0) s${level}`)],
    ["WITH named twice", withs(18, (before) => `SELECT a.x FROM ${before} a JOIN ${before} b ON a.x = b.x`)],
    ["a long list", `SELECT x FROM t WHERE x IN (${some(20_000, String)})`],
    ["a list of pairs", `SELECT x FROM t WHERE (x, y) IN (${some(15_000, (at) => `(${at}, 1)`)}) AND y > 0`],
    [
      "many rows of values",
      `UPDATE t SET x = v.x FROM (VALUES ${some(30_000, (at) => `(${at}::int, '${at}'::int)`)}) v (id, x) WHERE t.id = v.id`,
    ],
    ["many conditions", `SELECT x FROM t WHERE ${ors(5000)}`],
  ])("and not: %s", (_, sql) => {
    expect(verdict(sql)).toBe("permit");
  });
});

describe("what the planner compares in pairs", () => {
  it.each([
    ["ORs beside one another", `SELECT 1 FROM t WHERE ${some(300, () => "(id = 1 OR x = 2)", " AND ")}`],
    ["two long ones", `SELECT 1 FROM t WHERE (${ors(501)}) AND (${ors(501)})`],
    ["NOT of ANDs", `SELECT 1 FROM t WHERE ${some(300, () => "NOT (id <> 1 AND x <> 2)", " AND ")}`],
    ["conditions in NOT", `SELECT 1 FROM t WHERE ${some(300, () => "(NOT id = 1 OR NOT x = 2)", " AND ")}`],
    ["an OR of a join", `SELECT 1 FROM t a JOIN t b ON (${ors(501)}) WHERE ${ors(501)}`],
    [
      "an OR of a WITH query",
      `WITH c AS (SELECT * FROM t WHERE ${ors(501)}) SELECT 1 FROM c WHERE ${ors(501)}`,
    ],
    [
      "what a column stands for",
      `SELECT 1 FROM (SELECT ${some(300, (at) => `(id = 1 OR x = 2) AS c${at}`)} FROM t) s WHERE ${some(300, (at) => `c${at}`, " AND ")}`,
    ],
  ])("%s", (_, sql) => {
    expect(verdict(sql)).toBe(refused("too many conditions stand in its ORs"));
  });

  it.each([
    ["conditions", `SELECT 1 FROM t WHERE ${some(1001, (at) => `id <> ${at}`, " AND ")}`],
    [
      "conditions in CASE's result",
      `SELECT 1 FROM t WHERE CASE WHEN true THEN (${some(1001, (at) => `id <> ${at}`, " AND ")}) END`,
    ],
    ["conditions as a value", `SELECT 1 FROM t WHERE (${some(1001, (at) => `id <> ${at}`, " AND ")}) = true`],
    ["NOT of ORs", `SELECT 1 FROM t WHERE NOT (${ors(1001)})`],
    [
      "ANDs in an OR",
      `SELECT 1 FROM t WHERE (${some(600, (at) => `id <> ${at}`, " AND ")}) OR (${some(600, (at) => `x <> ${at}`, " AND ")})`,
    ],
    ["WITH queries", `WITH ${some(1001, (at) => `c${at} AS (SELECT)`)} SELECT 1`],
    [
      "items of copies of WITH",
      withs(10, (before) => `SELECT 1 AS x FROM ${before} a, ${before} b`, "NOT MATERIALIZED"),
    ],
    [
      "conditions of copies of WITH",
      `WITH c AS NOT MATERIALIZED (SELECT x FROM t WHERE ${some(300, (at) => `id <> ${at}`, " AND ")}) SELECT 1 FROM c a, c b, c c, c d`,
    ],
    ["windows", `SELECT 1 FROM t WINDOW ${some(1001, (at) => `w${at} AS ()`)}`],
    ["keys of groups", `SELECT 1 FROM t GROUP BY ${some(1001, (at) => `id + ${at}`)}`],
    [
      "keys of GROUPING SETS",
      `SELECT 1 FROM t GROUP BY GROUPING SETS ((${some(1001, (at) => `id + ${at}`)}))`,
    ],
    ["keys of an order", `SELECT 1 FROM t ORDER BY ${some(1001, (at) => `id + ${at}`)}`],
    ["keys of DISTINCT", `SELECT DISTINCT ON (${some(1001, (at) => `id + ${at}`)}) 1 FROM t`],
    ["keys of a window", `SELECT count(*) OVER (PARTITION BY ${some(1001, (at) => `id + ${at}`)}) FROM t`],
    [
      "keys of a window's order",
      `SELECT count(*) OVER (ORDER BY ${some(1001, (at) => `id + ${at}`)}) FROM t`,
    ],
    ["keys of an aggregate", `SELECT array_agg(id ORDER BY ${some(1001, (at) => `id + ${at}`)}) FROM t`],
    ["items", `SELECT 1 FROM ${some(1001, (at) => `t a${at}`)}`],
    ["items that are functions", `SELECT 1 FROM ${some(1001, (at) => `generate_series(1, 1) a${at}`)}`],
    ["columns of a join", `SELECT 1 FROM t a JOIN t b USING (${some(1001, (at) => `c${at}`)})`],
    ["NATURAL FULL JOINs", `SELECT 1 FROM t a ${some(25, (at) => `NATURAL FULL JOIN t b${at}`, " ")}`],
    [
      "columns of XMLTABLE",
      `SELECT 1 FROM XMLTABLE('/a' PASSING '<a/>' COLUMNS ${some(1001, (at) => `c${at} int`)}) z`,
    ],
    [
      "columns of JSON_TABLE",
      `SELECT 1 FROM JSON_TABLE('{}', '$' COLUMNS (${some(1001, (at) => `c${at} int`)})) z`,
    ],
    [
      "parts of MERGE",
      `MERGE INTO t USING u ON t.id = u.id AND t.id = 1 ${some(1001, (at) => `WHEN MATCHED AND t.x = ${at} THEN UPDATE SET x = ${at}`, " ")}`,
    ],
  ])("%s", (_, sql) => {
    expect(verdict(sql)).toBe(refused("it has too many conditions, items or keys"));
  });

  it.each([
    ["distinct values", (at: number) => `count(DISTINCT id + ${at})`],
    ["sorted values", (at: number) => `array_agg(id ORDER BY id + ${at})`],
    ["windows", (at: number) => `sum(id) OVER (ORDER BY id + ${at})`],
    ["large ones", (at: number) => `count(DISTINCT greatest(${some(20, () => "id")}) + ${at})`],
  ])("%s", (name, part) => {
    const most = name === "large ones" ? 150 : 300;
    expect(verdict(`SELECT ${some(most + 100, part)} FROM t`)).toBe(
      refused("too many of its aggregates and windows sort"),
    );
    expect(verdict(`SELECT ${some(most, part)} FROM t`)).toBe("permit");
  });

  it.each([
    ["one OR alone", `SELECT 1 FROM t WHERE ${ors(5000)}`],
    ["an OR of pairs", `SELECT 1 FROM t WHERE ${some(2500, (at) => `(id = ${at} AND x = 1)`, " OR ")}`],
    ["one OR beside conditions", `SELECT 1 FROM t WHERE (${ors(5000)}) AND other = 5 AND (x = 1 OR y = 2)`],
    ["a list", `SELECT 1 FROM t WHERE id IN (${some(20_000, String)}) AND other = 5`],
    ["conditions", `SELECT 1 FROM t WHERE ${some(999, (at) => `id <> ${at}`, " AND ")}`],
    [
      "conditions of CASE and of what it counts",
      `SELECT ${some(100, (at) => `count(CASE WHEN x = ${at} AND y = 1 OR x = 0 THEN 1 END)`)}, CASE ${some(500, (at) => `WHEN x = ${at} AND y > 1 OR x = 0 THEN ${at}`, " ")} END FROM t GROUP BY id`,
    ],
    ["ten FULL JOINs", `SELECT id FROM t a ${some(10, (at) => `NATURAL FULL JOIN t b${at}`, " ")}`],
  ])("and not %s", (_, sql) => {
    expect(verdict(sql)).toBe("permit");
  });
});

describe("what goes through the values of one row", () => {
  it.each([
    [
      "functions",
      `SELECT num_nulls(${some(90, () => "reverse(note)")}), num_nulls(${some(90, () => "reverse(note)")}) FROM t`,
    ],
    ["in WHERE", `SELECT 1 FROM t WHERE ${some(111, () => "reverse(note) = 'a'", " OR ")}`],
    [
      "in a join's condition",
      `SELECT 1 FROM t JOIN u ON ${some(111, () => "reverse(t.note) = u.note", " OR ")}`,
    ],
    ["what joins texts", `SELECT ${some(152, () => "note", " || ")} FROM t`],
    ["casts", `SELECT ARRAY[${some(111, () => "data::jsonb")}] FROM t`],
    ["patterns", `SELECT 1 FROM t WHERE ${some(1101, () => "note LIKE 'a%'", " OR ")}`],
    ["plain aggregates", `SELECT greatest(${some(1001, (at) => `sum(id + ${at})`)}) FROM t`],
    ["a row of VALUES", `SELECT * FROM (VALUES (${some(111, () => "reverse('a')")})) v`],
    [
      "columns of a sub-select",
      `SELECT ${some(20, () => "c", " + ")} FROM (SELECT ${some(10, () => "length(reverse(note))", " + ")} AS c FROM t) s`,
    ],
    ["what BETWEEN repeats", `SELECT ${some(80, () => "lower(note) BETWEEN 'a' AND 'b'")} FROM t`],
    ["what IN repeats", `SELECT lower(note) IN (${some(111, (at) => `x${at}`)}) FROM t`],
  ])("%s", (_, sql) => {
    expect(verdict(sql)).toBe(refused("too many functions and operators go through the values of a row"));
  });

  it.each([
    ["a hundred functions", `SELECT ${some(100, () => "reverse(note)")} FROM t`],
    ["rows of VALUES", `INSERT INTO t (note, at) VALUES ${some(1000, () => "(lower('A'), now())")}`],
    ["several queries", some(20, () => `SELECT ${some(100, () => "lower(note)")} FROM t`, " UNION ALL ")],
    ["fields of json", `SELECT ${some(300, (at) => `data -> 'a' ->> 'f${at}'`)} FROM t`],
    ["aggregates", `SELECT ${some(300, (at) => `sum(x) FILTER (WHERE y = ${at})`)} FROM t`],
    ["a row of casts of what is passed", `SELECT ${some(200, (at) => `$${at + 1}::text`)}`],
    ["casts of what is passed", `INSERT INTO t (note) VALUES ${some(1000, (at) => `($${at + 1}::text)`)}`],
    [
      "what is kept",
      `WITH c AS MATERIALIZED (SELECT ${some(10, () => "length(reverse(note))", " + ")} AS c FROM t) SELECT ${some(20, () => "c", " + ")} FROM c`,
    ],
  ])("and not %s", (_, sql) => {
    expect(verdict(sql)).toBe("permit");
  });
});
