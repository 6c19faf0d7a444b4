import { expect, it } from "vitest";
import { scopeSchema } from "../scope.ts";
import { trial } from "./trial.ts";

const scope = scopeSchema.parse({ statements: ["select"], tables: { "shop.orders": "all" } });
const judge = trial([{ name: "db/read", scope }]);

it.each([
  ["ask", "DELETE FROM shop.orders WHERE id = 1"],
  ["ask", "SELECT * FROM shop.other"],
  ["ask", "SELECT shop.f(1)"],
  ["ask", "SELECT 1::shop.t"],
  ["correct", "SELEC 1"],
  ["correct", "SELECT set_config(id::text, 'x', false) FROM shop.orders"],
  ["correct", "COPY (SELECT 1) TO STDOUT (ENCODING 'latin1')"],
  ["never", "COPY (SELECT 1) TO STDOUT (FREEZE)"],
  ["never", "SELECT id OPERATOR(shop.+) 1 FROM shop.orders"],
  ["never", "SELECT id::text COLLATE shop.c FROM shop.orders"],
  ["never", "SELECT * FROM shop.orders TABLESAMPLE shop.some(1)"],
  ["never", "DROP TABLE shop.orders"],
  ["never", "SELECT * FROM pg_authid"],
])("%s can help: %s", async (remedy, sql) => {
  const verdict = await judge(sql);
  expect(verdict.kind === "deny" ? verdict.denial.remedy : verdict).toBe(remedy);
});
