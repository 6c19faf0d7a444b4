import { beforeAll, expect, it } from "vitest";
import { scopeSchema } from "../../scope.ts";
import { loadGrammar } from "../syntax/grammar.ts";
import { compileScopes } from "../verdicts.ts";
import { clientPlace } from "./places.ts";
import { sentText } from "./splices.ts";

beforeAll(loadGrammar);

const scope = {
  name: "shop-db/read",
  scope: scopeSchema.parse({ statements: ["select"], tables: { "shop.orders": "all" } }),
};

it("a schema that is put before a temporary table's name belongs to that name", () => {
  const sql = "SELECT 'é'; SELECT * FROM kept";
  const temporary = scopeSchema.parse({ statements: ["select"], temporary_tables: true });
  const verdict = compileScopes([{ name: "shop-db/make", scope: temporary }], ["shop"])({ sql });
  if (verdict.kind !== "permit" || verdict.cover.splices === undefined)
    throw new Error(JSON.stringify(verdict));
  const { splices, operations } = verdict.cover;
  const sent = sentText(sql, splices, operations);
  expect(sent).toBe("SELECT 'é'; SELECT * FROM pg_temp.kept");
  const places = Array.from(sent, (_, at) => clientPlace(at + 1, sql, splices, undefined));
  expect(places.slice(0, 26)).toEqual(Array.from({ length: 26 }, (_, at) => at + 1));
  expect(places.slice(26)).toEqual([27, 27, 27, 27, 27, 27, 27, 27, 27, 28, 29, 30]);
});

it.each([
  "SELECT relname FROM pg_class",
  "SELECT c.relname, 'é😀' AS x FROM pg_catalog.pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = 'é'",
  "SELECT 1; SELECT attname FROM pg_attribute WHERE attrelid = 'shop.orders'::regclass",
  "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef",
])("each place of what was sent is one of the client's text, or of none: %s", (sql) => {
  const verdict = compileScopes([scope], ["shop"])({ sql });
  if (verdict.kind !== "permit" || verdict.cover.splices === undefined)
    throw new Error(JSON.stringify(verdict));
  const { splices, operations } = verdict.cover;
  const structure = operations.find((each) => each.structure !== undefined)?.structure;
  if (structure === undefined) throw new Error("no structure");
  const own = Array.from(sql);
  const sent = Array.from(sentText(sql, splices, operations));
  const places = sent.map((_, index) => clientPlace(index + 1, sql, splices, structure));
  const seen = places.filter((place) => place !== undefined);
  // In their order, each once, and the same character there.
  expect(seen).toEqual([...new Set(seen)].toSorted((one, other) => one - other));
  const [there, here] = [
    seen.map((place) => own[place - 1]),
    sent.filter((_, at) => places[at] !== undefined),
  ];
  expect(there).toEqual(here);
  expect(there.join("")).toContain("SELECT");
  // What a splice leaves out is all that no place leads to.
  const left = splices.reduce(
    (sum, { start, end }) => sum + Array.from(Buffer.from(sql).toString("utf8", start, end)).length,
    0,
  );
  expect(seen).toHaveLength(own.length - left);
});
