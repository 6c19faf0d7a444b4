import { beforeAll, expect, it } from "vitest";
import { plainDatabase } from "../database.ts";
import { scopeSchema } from "../../scope.ts";
import { loadGrammar } from "../syntax/grammar.ts";
import { createJudges } from "../verdicts.ts";

beforeAll(loadGrammar);

const scope = scopeSchema.parse({ statements: ["select"], tables: { "shop.orders": "all" } });
const judge = createJudges().of([{ name: "shop-db/read", scope }], ["shop"], plainDatabase);
const times = (count: number, text: string): string => Array.from({ length: count }, () => text).join(", ");

it.each([
  ["casts", `SELECT ${times(199, "'a'::regclass")}`],
  ["relations", `SELECT 1 FROM ${Array.from({ length: 120 }, (__, at) => `pg_class c${at}`).join(", ")}`],
  ["calls of two arguments", `SELECT ${times(100, "col_description(1, 2)")}`],
  ["calls in each other", `SELECT ${"format_type(".repeat(100)}1${", 1)".repeat(100)}`],
  ["a long constant beside one", `SELECT '${"x".repeat(3900)}', oid::regclass FROM pg_class`],
])("a short text that is changed in many places is judged by a worker: %s", (_, sql) => {
  expect(sql.length).toBeLessThan(4096);
  expect(judge.quick(sql)).toBeUndefined();
  expect(judge.check({ sql }).kind).toBe("permit");
});

it("what clients usually ask is judged at once", () => {
  const sql =
    "SELECT c.relname, n.nspname, c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE pg_table_is_visible(c.oid)";
  expect(judge.quick(sql)?.kind).toBe("permit");
});
