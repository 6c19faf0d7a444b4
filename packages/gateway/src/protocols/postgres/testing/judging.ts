import { expect } from "vitest";
import { plainDatabase } from "../guard/database.ts";
import { createJudges, type Judge } from "../guard/verdicts.ts";
import type { Judging } from "../relay/judging.ts";
import { createTexts, type Text } from "../relay/texts.ts";
import { scopeSchema } from "../scope.ts";

/** Judges by one small scope. */
export const judge: Judge = createJudges().of(
  [
    {
      name: "shop/read",
      scope: scopeSchema.parse({ statements: ["select", "insert"], tables: { "public.t": ["a"] } }),
    },
  ],
  ["public"],
  plainDatabase,
);

/** Asks for a text's verdict, and waits for it. */
export async function judged(judging: Judging, sql: string, who = "agent"): Promise<Text> {
  const text = createTexts()(sql);
  await new Promise<void>((resolve) => {
    if (judging.ahead(who, judge, text, resolve) === true) resolve();
  });
  expect(text.judged?.by).toBe(judge);
  return text;
}

/** Texts that PostgreSQL's scanner or the guard takes long for; the guard's own budget ends some. */
export const slowTexts: readonly string[] = [
  `SELECT 1 ${"/*".repeat(100_000)}`,
  `select 1 ${"/**/".repeat(60_000)}`,
  `select 1 ${"+-".repeat(60_000)}1`,
  `select 1 ${"-+".repeat(1800)}1`,
  "select 1 from ".concat("(select *,* from ".repeat(20), "t", ")x".repeat(20), ";").repeat(300),
  `select ${"@ ".repeat(120_000)}1`,
  `select ${"(".repeat(120_000)}1`,
];

/** An INSERT that has about so many characters. */
export function insertOf(characters: number): string {
  const rows = Array.from(
    { length: Math.ceil(characters / 8) },
    (_, n) => `(${String(n % 100_000).padStart(5, "0")})`,
  );
  return `insert into t (a) values ${rows.join()}`;
}

/** New cheap texts that one principal asks for, one after another. */
export function cheapText(n: number): string {
  return `select a, '${n}' from t where a in (1,2,3,4,5,6,7,8) and ${"@ ".repeat(40)} a > ${n}`;
}
