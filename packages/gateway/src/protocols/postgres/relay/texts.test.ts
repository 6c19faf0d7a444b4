import { hash } from "node:crypto";
import { beforeAll, expect, it } from "vitest";
import { sentText, type Splice } from "../guard/structure/splices.ts";
import type { Compiled } from "../guard/compile.ts";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { compileScopes } from "../guard/verdicts.ts";
import { scopeSchema } from "../scope.ts";
import { createSeenStatements, createTexts } from "./texts.ts";

beforeAll(loadGrammar);

const tables = { "shop.orders": "all" };

/** What is put into a text under such a scope, and by which operations. */
function partsOf(sql: string): [readonly Splice[], readonly Compiled[]] {
  const scope = scopeSchema.parse({ statements: ["select"], tables });
  const verdict = compileScopes([{ name: "shop-db/read", scope }], ["shop"])({ sql });
  if (verdict.kind !== "permit" || verdict.cover.splices === undefined) throw new Error("it is not changed");
  return [verdict.cover.splices, verdict.cover.operations];
}

/** What a session's first and second record say of a text that a scope covers. */
function said(sql: string, catalog: boolean | "granted"): readonly Record<string, unknown>[] {
  const scope = scopeSchema.parse({ statements: ["select"], tables, catalog });
  const verdict = compileScopes([{ name: "shop-db/read", scope }], ["shop"])({ sql });
  const text = createTexts()(sql);
  text.judged = { by: {}, verdict };
  const seen = createSeenStatements();
  const first = seen.name(text);
  seen.told(text);
  return [first, seen.name(text)].map((members) => JSON.parse(`{${members}}`) as Record<string, unknown>);
}

it("a record says what the client wrote, and the length and digest of what went upstream where that is another", () => {
  const sql = "SELECT relname FROM pg_class";
  const [first, second] = said(sql, "granted");
  const changed = sentText(sql, ...partsOf(sql));
  expect(changed).toContain("ARRAY['orders']::pg_catalog.name[]");
  expect(first).toEqual({
    sql,
    sent: { bytes: Buffer.byteLength(changed), sha256: hash("sha256", changed, "hex") },
  });
  expect(Object.keys(second ?? {})).toEqual(["sha256"]);
});

it("many short texts of the catalogue make records grow by what the client sends, however long what leaves is", () => {
  const columns = Array.from({ length: 40 }, (_, at) => `a_column_with_a_long_name_${at}`);
  const wide = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`shop.t${at}`, columns]));
  const check = compileScopes(
    [{ name: "shop-db/read", scope: scopeSchema.parse({ statements: ["select"], tables: wide }) }],
    ["shop"],
  );
  const texts = createTexts();
  const seen = createSeenStatements();
  let shortest = Number.POSITIVE_INFINITY;
  for (let at = 0; at < 200; at += 1) {
    const text = texts(`SELECT ${at} FROM pg_class c, pg_attribute a, pg_constraint k`);
    const verdict = check(text);
    text.judged = { by: check, verdict };
    if (verdict.kind !== "permit" || verdict.cover.splices === undefined)
      throw new Error("it is not changed");
    const { splices, operations } = verdict.cover;
    shortest = Math.min(shortest, sentText(text.sql, splices, operations).length);
    expect(seen.name(text).length).toBeLessThan(text.sql.length + 150);
  }
  expect(shortest).toBeGreaterThan(100_000);
});

it("a record says one text where nothing was changed", () => {
  for (const [sql, catalog] of [
    ["SELECT relname FROM pg_class", true],
    ["SELECT id FROM shop.orders", "granted"],
  ] as const)
    expect(said(sql, catalog)[0]).toEqual({ sql });
});
