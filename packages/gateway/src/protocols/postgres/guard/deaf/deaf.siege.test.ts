import { readFile } from "node:fs/promises";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { tooLong } from "../../relay/frontend/measure.ts";
import { scopeSchema } from "../../scope.ts";
import { plainDatabase, withFound } from "../database.ts";
import { type Found, nothingFound, type Owners } from "../found/found.ts";
import { loadGrammar } from "../syntax/grammar.ts";
import { compileScopes } from "../verdicts.ts";
import { deafAlone, deafFunctions, deafMembers, deafOperators, shapeOperators } from "./list.ts";
import { STORED as SIZES } from "./size.ts";

const STORED = SIZES.characters;

let server: EmbeddedPostgres;
let client: pg.Client;
let backend: number;

/** When the server cancels a statement. */
const TIMEOUT_MS = 100;

beforeAll(async () => {
  await loadGrammar();
  server = await startPostgres();
  // As long as a stored value is taken to be (size.ts).
  await server.run(
    `CREATE TABLE large AS SELECT repeat('a', ${STORED}) AS note, repeat('1', ${STORED}) AS ones, repeat('m', ${STORED}) AS other, 1 AS id,
       (SELECT array_agg(i) FROM generate_series(1, ${STORED / 4}) i) AS numbers, (SELECT array_agg('x' || i) FROM generate_series(1, ${STORED / 12}) i) AS words,
       (SELECT jsonb_agg(i) FROM generate_series(1, ${STORED / 12}) i) AS list, (SELECT jsonb_agg('x' || i) FROM generate_series(1, ${STORED / 12}) i) AS keys,
       (SELECT ('[' || string_agg('(' || i || ',' || i * 7919 % 10007 || ')', ',') || ']')::path FROM generate_series(1, ${STORED / 16}) i) AS line,
       rtrim(repeat('a.', 60000), '.') AS tree, B'0'::bit(${STORED * 8}) AS bits, repeat(',', ${STORED}) AS commas,
       (SELECT to_tsvector('simple', string_agg('w' || i % 1790, ' ')) FROM generate_series(1, 16000) i) AS vector,
       (SELECT string_agg(U&'\\0315\\0300', '') FROM generate_series(1, 12500)) AS marks,
       '<r ' || (SELECT string_agg('b' || to_hex(i) || '=""', ' ') FROM generate_series(1, 11000) i) || '/>' AS attributes,
       (repeat('<a>', 250) || repeat('<b>t</b>', ${STORED / 8}) || repeat('</a>', 250))::xml AS doc;
     CREATE INDEX ON large (id);
     CREATE EXTENSION ltree`,
  );
  client = new pg.Client({ connectionString: server.url("postgres") });
  await client.connect();
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  backend = rows[0]?.pid ?? 0;
  await client.query(`SET statement_timeout = ${TIMEOUT_MS}`);
});

afterAll(async () => {
  await client.end();
  await server.stop();
});

const scope = scopeSchema.parse({
  statements: ["select"],
  tables: { "public.large": "all" },
  extensions: ["ltree"],
  catalog: true,
});
const owned = (...names: string[]): Owners => ({
  full: new Map(names.map((name) => [name, new Set(["ltree"])])),
  bare: new Map(),
});
const found: Found = {
  ...nothingFound,
  key: "trees",
  extensionFunctions: owned("public.index"),
  extensionTypes: owned("public.ltree"),
};
const databases = {
  plain: withFound(plainDatabase, found),
  withShapes: withFound({ ...plainDatabase, key: "shapes", slowTypes: new Set(["path"]) }, found),
};
const judge = compileScopes([{ name: "shop/x", scope }]);

const of = (length: number): string => `b${"a".repeat(length - 1)}`;
const strange = (length: number): string => `${"b".repeat(length - 1)}a`;
const series = (length: number, from: number, prefix = ""): string =>
  Array.from({ length }, (_, n) => `${prefix}${from + n}`).join(",");
const last = STORED / 12;
/** None of them is there. */
const absent = series(330, 9_000_000);
/** All of them are there, at the end. */
const present = series(330, STORED / 4 - 330);
const terms = (between: string): string => Array.from({ length: 1790 }, (_, n) => `w${n}`).join(between);
const shape = (points: number): string =>
  `(${Array.from({ length: points }, (_, n) => `${n},${n * n}`).join(",")})`;

/** The worst that is permitted of one, with what is passed for $1. */
interface Worst {
  readonly name: string;
  readonly sql: string;
  readonly value?: string;
}

const worst: readonly Worst[] = [
  { name: "position", sql: `SELECT position('${of(310)}' IN note) FROM large` },
  {
    name: "position of bits",
    sql: `SELECT position(B'${"0".repeat(310)}1' IN bits) FROM large`,
  },
  { name: "strpos", sql: "SELECT strpos(note, $1) FROM large", value: of(1000) },
  { name: "replace", sql: `SELECT length(replace(note, '${of(1240)}', '')) FROM large` },
  { name: "split_part", sql: `SELECT length(split_part(note, '${of(1240)}', 2)) FROM large` },
  { name: "string_to_array", sql: `SELECT cardinality(string_to_array(note, '${of(1240)}')) FROM large` },
  { name: "string_to_table", sql: `SELECT length(s) FROM large, string_to_table(note, '${of(1240)}') s` },
  { name: "translate", sql: `SELECT length(translate(note, '${strange(120)}', 'x')) FROM large` },
  { name: "btrim", sql: `SELECT length(btrim(note, '${strange(200)}')) FROM large` },
  { name: "ltrim", sql: `SELECT length(ltrim(note, '${strange(200)}')) FROM large` },
  { name: "rtrim", sql: `SELECT length(rtrim(note, '${strange(200)}')) FROM large` },
  { name: "to_date", sql: `SELECT to_date(ones, '${"D".repeat(1240)}') FROM large` },
  { name: "to_timestamp", sql: `SELECT to_timestamp(ones, '${"D".repeat(1240)}') FROM large` },
  {
    name: "jsonb_contains",
    sql: `SELECT jsonb_contains(list, '[${series(390, Math.floor(last) - 390)}]') FROM large`,
  },
  {
    name: "jsonb_contained",
    sql: `SELECT jsonb_contained('[${series(390, Math.floor(last) - 390)}]', list) FROM large`,
  },
  { name: "jsonb_exists_any", sql: `SELECT jsonb_exists_any(keys, '{${absent}}') FROM large` },
  {
    name: "jsonb_exists_all",
    sql: `SELECT jsonb_exists_all(keys, '{${series(390, Math.floor(last) - 390, "x")}}') FROM large`,
  },
  {
    name: "jsonb_delete",
    sql: `SELECT jsonb_delete(keys, VARIADIC '{${absent}}'::text[]) IS NULL FROM large`,
  },
  {
    name: "index",
    sql: "SELECT public.index(tree::public.ltree, $1::public.ltree) FROM large",
    value: `${"a.".repeat(49)}b`,
  },
  ...["~~", "~~*", "!~~", "!~~*"].flatMap((name) => [
    { name, sql: `SELECT note ${name} '%${"a".repeat(410)}b%' FROM large` },
    {
      name: `${name} of a parameter`,
      sql: `SELECT note ${name} $1 FROM large`,
      value: `%${"a".repeat(290)}b%`,
    },
    { name: `${name} of single characters`, sql: `SELECT note ${name} '%${"_".repeat(410)}b%' FROM large` },
  ]),
  { name: "@>", sql: `SELECT numbers @> '{${present}}' FROM large` },
  { name: "@> of jsonb", sql: `SELECT list @> '[${series(330, Math.floor(last) - 330)}]' FROM large` },
  { name: "<@", sql: `SELECT '{${present}}'::int[] <@ numbers FROM large` },
  { name: "&&", sql: `SELECT numbers && '{${absent}}' FROM large` },
  { name: "&& of texts", sql: `SELECT words && '{${absent}}' FROM large` },
  {
    name: "&& of a parameter",
    sql: "SELECT numbers && $1 FROM large",
    value: `{${Array(300).fill(0).join(",")}}`,
  },
  { name: "?|", sql: `SELECT keys ?| '{${absent}}' FROM large` },
  { name: "?&", sql: `SELECT keys ?& '{${series(390, Math.floor(last) - 390, "x")}}' FROM large` },
  { name: "-", sql: `SELECT (keys - '{${absent}}'::text[]) IS NULL FROM large` },
  ...["<->", "?#"].map((name) => ({
    name: `shapes ${name}`,
    sql: `SELECT line ${name} '${shape(4)}'::path FROM large`,
  })),
  ...["&&", "@>", "<@", "~="].map((name) => ({
    name: `shapes ${name}`,
    sql: `SELECT pclose(line)::polygon ${name} '${shape(4)}'::polygon FROM large`,
  })),
  { name: "normalize", sql: "SELECT length(normalize(left(marks, 10000))) FROM large" },
  { name: "is_normalized", sql: "SELECT left(marks, 10000) IS NFKC NORMALIZED FROM large" },
  {
    name: "to_tsquery",
    sql: "SELECT ts_rank(vector, to_tsquery('simple', $1)) FROM large",
    value: terms("&"),
  },
  {
    name: "plainto_tsquery",
    sql: "SELECT ts_rank(vector, plainto_tsquery('simple', $1)) FROM large",
    value: terms(" "),
  },
  {
    name: "phraseto_tsquery",
    sql: "SELECT vector @@ phraseto_tsquery('simple', $1) FROM large",
    value: terms(" "),
  },
  {
    name: "websearch_to_tsquery",
    sql: "SELECT ts_rank_cd(vector, websearch_to_tsquery('simple', $1)) FROM large",
    value: terms(" "),
  },
  { name: "tsquery", sql: "SELECT ts_rank(vector, $1::tsquery) FROM large", value: terms("&") },
  { name: "xml", sql: "SELECT left(attributes, 100000)::xml IS NULL FROM large" },
  ...["", "_content", "_document"].map((form) => ({
    name: `xml_is_well_formed${form}`,
    sql: `SELECT xml_is_well_formed${form}(left(attributes, 100000)) FROM large`,
  })),
  { name: "a path of XPath", sql: "SELECT cardinality(xpath('//b/text()', doc)) FROM large" },
  {
    name: "a path of XPath that gives nodes",
    sql: `SELECT cardinality(xpath('//*', '${"<a>".repeat(250)}${"<b/>".repeat(20_000)}${"</a>".repeat(250)}'))`,
  },
  {
    name: "a path of XPath that asks",
    sql: `SELECT cardinality(xpath('//a[a="t"]/b[last()]/text()', doc)) FROM large`,
  },
  { name: "parse_ident", sql: `SELECT parse_ident('"${'""'.repeat(4990)}"', false)` },
  { name: "a name", sql: `SELECT to_regtype('f(${"/*".repeat(4990)})')` },
  ...["<", "<=", ">", ">=", "~<~", "~<=~", "~>~", "~>=~"].map((name) => ({
    name: `${name} ANY`,
    sql: `SELECT other ${name} ALL ('{${series(125, 0, name.includes(">") ? "a" : "z")}}') FROM large`,
  })),
  { name: "? ANY", sql: `SELECT keys ? ANY ('{${series(125, 0)}}') FROM large` },
  { name: "~~ ANY", sql: `SELECT note ~~ ANY ('{${Array(130).fill("%b").join(",")}}') FROM large` },
  {
    name: "LIKE of texts of several bytes",
    sql: `SELECT repeat('€', 600000) LIKE '%${"€".repeat(150)}b'`,
  },
  {
    name: "members without text",
    sql: `SELECT string_to_array(commas, ',') && '{${series(80, 0)}}' FROM large`,
  },
  { name: "an array", sql: `SELECT ('{${"1,".repeat(499_900)}1}')::tsvector[] IS NULL` },
  {
    name: "a path of SQL/JSON",
    sql: `SELECT jsonb_path_exists(list, '$[*] ? (@ == $x)', jsonb_build_object('x', '[${series(198, 9_000_000)}]'::jsonb)) FROM large`,
  },
];

test("each has its worst case", () => {
  const shapes = [...shapeOperators.keys()].map((name) => `shapes ${name}`);
  const members = [...deafMembers.keys()].map((name) => `${name} ANY`);
  const names = new Set(worst.map(({ name }) => name));
  const all = [...deafFunctions.keys(), ...deafOperators.keys(), ...shapes, ...deafAlone.keys(), ...members];
  expect(all.filter((name) => !names.has(name))).toEqual([]);
});

/** How much processor time a process has had, milliseconds: a busy machine changes it little. */
async function processorTime(pid: number): Promise<number> {
  const [nanoseconds] = (await readFile(`/proc/${pid}/schedstat`, "utf8")).split(" ");
  return Number(nanoseconds) / 1e6;
}

test.each(worst)("$name is over within a second of its cancelling", async ({ name, sql, value }) => {
  const verdict = judge({
    sql,
    database: name.startsWith("shapes") ? databases.withShapes : databases.plain,
  });
  expect([sql, verdict.kind]).toEqual([sql, "permit"]);
  const bounds = verdict.kind === "permit" ? (verdict.cover.bounds ?? []) : [];
  expect(tooLong(bounds, () => ({ bytes: Buffer.from(value ?? ""), isBinary: false }))).toBeUndefined();
  const before = await processorTime(backend);
  const code = await client.query(sql, value === undefined ? [] : [value]).then(
    () => undefined,
    (error: unknown) => (error as { code?: string }).code,
  );
  const took = (await processorTime(backend)) - before;
  console.log(`${name}: ${took.toFixed(0)} ms, ${code ?? "done"}`);
  // The formats of dates give up where the text does not fit, and the parser where a comment does not end.
  expect([undefined, "57014", "22007", "22008", "42601"]).toContain(code);
  expect(took).toBeLessThan(TIMEOUT_MS + 1500);
});
