// tier: full
// No value of a statement is in anything that is told of it.
import fc from "@mayfly/testing/fast-check.ts";
import { beforeAll, describe, expect, it } from "vitest";
import type { Proposal } from "../../../gate/inventory/inventory.ts";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { corpusOf, proposalOf } from "../testing/seen.ts";
import { shownStatement } from "./shown.ts";

beforeAll(loadGrammar);

const MARKER = "Zmarkerq";
const NUMBER = "918273645";
const marked = new RegExp(`${MARKER}|${NUMBER}|0110100111001`, "iu");

/** Everything of a proposal as one text. */
const textOf = (proposal: Proposal): string =>
  JSON.stringify(proposal, (_, value: unknown) => (value instanceof Map ? [...value] : value));

/** What is told of statements. */
const told = (statements: readonly string[]): string =>
  [1, 5].map((minSeen) => textOf(proposalOf(statements, { minSeen }))).join("\n");

/** Constants in every form that PostgreSQL reads. */
const constants = [
  `'${MARKER}'`,
  `'it''s ${MARKER}'`,
  `E'\\n${MARKER}'`,
  `$$${MARKER}$$`,
  `$tag$${MARKER}$tag$`,
  `$${MARKER}$text$${MARKER}$`,
  `U&'\\0041${MARKER}'`,
  `N'${MARKER}'`,
  `'one'\n '${MARKER}'`,
  "B'0110100111001'",
  NUMBER,
  `${NUMBER}.5`,
  `-${NUMBER}e3`,
  `'${MARKER}'::text`,
  `DATE '${MARKER}'`,
  `ARRAY['${MARKER}', 'b']`,
  `('${MARKER}', ${NUMBER})`,
  `/* ${MARKER} */ 1`,
  `1 -- ${MARKER}\n`,
];

describe("of a constant", () => {
  const texts = [
    "SELECT id FROM t WHERE a = ?",
    "SELECT id, ? FROM t",
    "SELECT * FROM t WHERE a IN (?, ?, ?)",
    "INSERT INTO t (a, b) VALUES (?, ?)",
    "INSERT INTO t VALUES (?), (?)",
    "UPDATE t SET a = ? WHERE id = ?",
    "UPDATE t SET token = ? WHERE token = ?",
    "DELETE FROM t WHERE a < ? OR b LIKE ?",
    "SELECT price(?, a) FROM t",
    "SELECT pg_sleep(?), pg_notify(?, ?)",
    "CALL close_month(?)",
    "SELECT nextval(?)",
    "SELECT id FROM t WHERE a = ? FOR UPDATE",
    "SELECT ?",
    "SELECT 'x'::status WHERE ? IS NULL",
    "EXPLAIN SELECT id FROM t WHERE a = ?",
    "CREATE TABLE t (a text DEFAULT ?)",
    "CREATE VIEW v AS SELECT ?",
    "SELECT id FROM t WHERE jsonb_path_exists(a, ?)",
    "SELECT id FROM t LIMIT ?",
    "MERGE INTO t USING (VALUES (?, ?)) v (id, a) ON t.id = v.id WHEN MATCHED THEN UPDATE SET a = ?",
    "EXECUTE p(?)",
    "SELECT a ? FROM WHERE",
    "SELECT id FROM t WHERE a = ? ?",
    "? SELECT",
  ];

  it.each(texts)("nothing is told, whatever its form: %s", (text) => {
    const statements = constants.map((constant) => text.replaceAll("?", () => constant));
    expect(marked.exec(told(statements))).toBeNull();
    expect(statements.filter((sql) => marked.test(shownStatement(sql)))).toEqual([]);
  });

  it.each([
    `DO $$ BEGIN RAISE '${MARKER}'; END $$`,
    `COPY t FROM PROGRAM '${MARKER}'`,
    `COPY t TO '${MARKER}'`,
    `COPY t (a) FROM STDIN WITH (DELIMITER 'x', NULL '${MARKER}')`,
    `SET ROLE '${MARKER}'`,
    `SET app.tenant = '${MARKER}'`,
    `SELECT set_config('app.tenant', '${MARKER}', true)`,
    `SET statement_timeout = '${MARKER}'`,
    `SET timezone = '${MARKER}'`,
    `SET search_path = '${MARKER}'`,
    `SET statement_timeout = ${NUMBER}`,
    `NOTIFY jobs, '${MARKER}'`,
    `CREATE ROLE a PASSWORD '${MARKER}'`,
    `ALTER ROLE a PASSWORD '${MARKER}'`,
    `COMMENT ON TABLE t IS '${MARKER}'`,
    `PREPARE TRANSACTION '${MARKER}'`,
    `CREATE FUNCTION f() RETURNS int LANGUAGE sql AS '${MARKER}'`,
    `CREATE SUBSCRIPTION s CONNECTION '${MARKER}' PUBLICATION p`,
    `CREATE USER MAPPING FOR a SERVER b OPTIONS (password '${MARKER}')`,
    `LOAD '${MARKER}'`,
    `SELECT '${MARKER}'::regclass`,
    `SELECT id FROM t WHERE a = '${MARKER}'::regrole`,
    `SELECT to_tsquery('${MARKER}'), to_tsvector('${MARKER}', a) FROM t`,
    `SELECT repeat('${MARKER}', ${NUMBER})`,
    `SELECT pg_read_file('${MARKER}'), dblink('${MARKER}', '${MARKER}')`,
    `SELECT xpath('//${MARKER}', a) FROM t`,
    `SELECT interval '${MARKER}', timestamp '${MARKER}', a::numeric(${NUMBER}) FROM t`,
    `SELECT id FROM t WHERE a = '${MARKER}`,
    `SELECT id FROM t WHERE a = $$${MARKER}`,
    `SELECT id FROM t WHERE a = ${NUMBER}${MARKER} b`,
    `SELECT id FROM t WHERE a = U&'\\${MARKER}'`,
    `SELECT id FROM t WHERE a = B'${MARKER}'`,
    `SELECT id FROM t WHERE a = E'\\x${MARKER}' '`,
    `/* ${MARKER}`,
  ])("nothing is told where it is no usual one: %s", (sql) => {
    expect(marked.exec(told([sql]))).toBeNull();
    expect(shownStatement(sql)).not.toMatch(marked);
  });

  it("nothing is told of statements of all kinds, each constant replaced", () => {
    const statements = [...corpusOf("agent").statements, ...corpusOf("everyday").statements];
    // The name of a setting is written as a text, and is no value.
    const some = statements.filter((sql, index) => index % 4 === 0 && !sql.includes("_setting"));
    const replaced = some.map((sql) =>
      sql
        .replaceAll(/(?<![\w&])'(?:[^']|'')*'/gu, `'${MARKER}'`)
        .replaceAll(/(?<![\w."$])\d+(?![\w."])/gu, NUMBER),
    );
    expect(marked.exec(textOf(proposalOf(replaced)))).toBeNull();
    expect(replaced.filter((sql) => marked.test(shownStatement(sql)))).toEqual([]);
  });

  it("nothing is told where a random piece of the text is gone", () => {
    const whole = `SELECT id FROM t WHERE a = '${MARKER}' AND b IN (1, $x$${MARKER}$x$, E'${MARKER}') /* ${MARKER} */`;
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(6), (from, length) => {
        const sql = whole.slice(0, from) + whole.slice(from + length);
        const isName = !/'[^']*$/u.test(sql) && new RegExp(`[^'$ ]${MARKER}|${MARKER}[^'$ ]`, "u").test(sql);
        fc.pre(!isName);
        const { apart } = proposalOf([sql]);
        expect(
          apart.filter(({ reason }) => reason.includes("does not parse") && marked.test(reason)),
        ).toEqual([]);
      }),
    );
  });
});
