import { beforeAll, describe, expect, it } from "vitest";
import { scopeSchema } from "../../scope.ts";
import { plainDatabase, withFound } from "../database.ts";
import { nothingFound } from "../found/found.ts";
import { loadGrammar } from "../syntax/grammar.ts";
import { compileScopes } from "../verdicts.ts";
import { deafAlone, deafFunctions, deafOperators, shapeOperators } from "./list.ts";

beforeAll(loadGrammar);

const scope = scopeSchema.parse({
  statements: ["select", "insert", "update"],
  tables: { "public.t": "all", "public.r": { select: "all" } },
  extensions: ["ltree"],
  catalog: true,
});
const trees = new Map([["ext.index", new Set(["ltree"])]]);
const columns = ["id", "note", "other", "data", "tags", "v", "p", "doc", "email", "period", "first", "last"];
const told = {
  ...plainDatabase,
  columns: new Map([
    ["public.t", columns],
    ["public.r", columns],
  ]),
  arrays: new Map([
    ["public.t", new Set(["tags"])],
    ["public.r", new Set(["tags"])],
  ]),
};
const database = withFound(told, {
  ...nothingFound,
  key: "trees",
  extensionFunctions: { full: trees, bare: new Map() },
});
const judgeText = compileScopes([{ name: "shop/x", scope }]);
const judge = ({ sql }: { readonly sql: string }): ReturnType<typeof judgeText> =>
  judgeText({ sql, database });
const kind = (sql: string): string => judge({ sql }).kind;
/** How long what is passed for a statement's parameters may be; undefined: it is denied. */
function bounds(sql: string): readonly string[] | undefined {
  const verdict = judge({ sql });
  if (verdict.kind !== "permit") return undefined;
  return (verdict.cover.bounds ?? []).map(([number, { of, most }]) => `$${number}: ${most} ${of}`).toSorted();
}

const made = "(SELECT string_agg(note, '') FROM t)";
const array = "(SELECT array_agg(id) FROM t)";
const object = "(SELECT jsonb_agg(id) FROM t)";

/** For each: what is denied for it alone, and what is permitted. */
const functions: Readonly<Record<string, readonly [readonly string[], readonly string[]]>> = {
  position: [
    [
      `SELECT position(${made} IN ${made})`,
      "SELECT position(B'0'::bit(90000) || B'1' IN B'0'::bit(1500000))",
    ],
    ["SELECT position('@' IN note) FROM t", "SELECT position(left(note, 100) IN left(note, 1000)) FROM t"],
  ],
  strpos: [
    [
      `SELECT strpos(${made}, ${made})`,
      "SELECT strpos(note, other) FROM t",
      `SELECT strpos(s, 'abcdef') FROM ${made} x(s)`,
    ],
    ["SELECT strpos(note, 'abc') FROM t", `SELECT strpos(left(${made}, 100000), left(note, 1000)) FROM t`],
  ],
  replace: [
    [`SELECT replace(${made}, ${made}, '')`, "SELECT replace(note, other, '') FROM t"],
    ["SELECT replace(note, 'GmbH', '') FROM t", `SELECT replace(${made}, ',', ';')`],
  ],
  split_part: [[`SELECT split_part(${made}, ${made}, 1)`], ["SELECT split_part(note, '@', 2) FROM t"]],
  string_to_array: [
    [`SELECT string_to_array(${made}, ${made})`],
    ["SELECT string_to_array(note, ', ') FROM t"],
  ],
  string_to_table: [
    [`SELECT string_to_table(${made}, ${made})`],
    ["SELECT string_to_table(note, NULL) FROM t"],
  ],
  translate: [[`SELECT translate(${made}, ${made}, 'x')`], ["SELECT translate(note, 'äöü', 'aou') FROM t"]],
  btrim: [
    [`SELECT btrim(${made}, ${made})`, `SELECT trim(both ${made} from ${made})`],
    ["SELECT btrim(note), trim(' x' from note) FROM t"],
  ],
  ltrim: [[`SELECT ltrim(${made}, ${made})`], ["SELECT ltrim(note, '0'), ltrim(note) FROM t"]],
  rtrim: [[`SELECT rtrim(${made}, ${made})`], ["SELECT rtrim(note, '0') FROM t"]],
  to_date: [[`SELECT to_date(${made}, ${made})`], ["SELECT to_date(note, 'YYYY-MM-DD') FROM t"]],
  to_timestamp: [
    [`SELECT to_timestamp(repeat('1', 3000000), repeat('D', 3000000))`],
    ["SELECT to_timestamp(note, 'YYYY'), to_timestamp(id) FROM t"],
  ],
  jsonb_contains: [
    [`SELECT jsonb_contains(${object}, ${object})`],
    ["SELECT jsonb_contains(data, '[1]') FROM t"],
  ],
  jsonb_contained: [
    [`SELECT jsonb_contained(${object}, ${object})`],
    ["SELECT jsonb_contained('[1]', data) FROM t"],
  ],
  jsonb_exists_any: [
    [`SELECT jsonb_exists_any(${object}, ${array})`],
    ["SELECT jsonb_exists_any(data, ARRAY['a', 'b']) FROM t"],
  ],
  jsonb_exists_all: [
    [`SELECT jsonb_exists_all(${object}, ${array})`],
    ["SELECT jsonb_exists_all(data, ARRAY['a', 'b']) FROM t"],
  ],
  jsonb_delete: [[`SELECT jsonb_delete(${object}, ${array})`], ["SELECT jsonb_delete(data, 'key') FROM t"]],
  index: [
    [`SELECT ext.index(${made}, ${made})`, "SELECT ext.index(note, other) FROM t"],
    ["SELECT ext.index(note, 'a.b') FROM t"],
  ],
};

const like = (operator: string): readonly [readonly string[], readonly string[]] => [
  [
    `SELECT ${made} ${operator} ${made}`,
    `SELECT note ${operator} ${made} FROM t`,
    `SELECT note ${operator} other FROM t`,
    `SELECT left(note, 1000000) ${operator} left(other, 1000000) FROM t`,
    `SELECT repeat('a', 3000000) ${operator} repeat('a', 3000000)`,
    `SELECT note ${operator} ANY (ARRAY(SELECT other FROM t LIMIT 10000)) FROM t`,
    `SELECT note ${operator} ANY (SELECT other FROM t) FROM t`,
  ],
  [
    `SELECT note ${operator} '%mayfly%' FROM t`,
    `SELECT note ${operator} '%' || left(other, 100) || '%' FROM t`,
    `SELECT note ${operator} other::varchar(100) FROM t`,
    `SELECT note ${operator} ANY (SELECT left(other, 100) FROM t) FROM t`,
    `SELECT note ${operator} ANY ('{%a%,%b%}') FROM t`,
  ],
];
const contains = (operator: string): readonly [readonly string[], readonly string[]] => [
  [
    `SELECT ${array} ${operator} ${array}`,
    `SELECT a ${operator} b FROM (SELECT array_agg(id) AS a, array_agg(-id) AS b FROM t) x`,
    `SELECT ARRAY(SELECT id FROM t) ${operator} tags FROM t`,
    `SELECT a.tags ${operator} b.tags FROM t a JOIN t b ON a.id < b.id`,
    `SELECT ARRAY(SELECT id FROM t LIMIT 100000) ${operator} ARRAY(SELECT id FROM t LIMIT 100000)`,
    `SELECT string_to_array(note, NULL) ${operator} string_to_array(other, NULL) FROM t`,
    `SELECT (ARRAY[a.tags, a.tags])[1:2] ${operator} b.tags FROM t a JOIN t b ON a.id < b.id`,
    `SELECT a.tags[1:2] ${operator} b.tags FROM t a JOIN t b ON a.id < b.id`,
  ],
  [
    `SELECT tags ${operator} ARRAY[1, 2, 3] FROM t`,
    `SELECT a.tags ${operator} ARRAY(SELECT unnest(b.tags) LIMIT 100) FROM t a JOIN t b ON a.id < b.id`,
    `SELECT a.data ${operator} left(b.data::text, 500)::jsonb FROM t a JOIN t b ON a.id < b.id`,
    `SELECT tags ${operator} string_to_array('a,b,c', ',') FROM t`,
    `SELECT $1 ${operator} tags FROM t`,
    `SELECT data ${operator} '{"a": [1]}' FROM t`,
    `SELECT ARRAY(SELECT id FROM t LIMIT 50) ${operator} tags FROM t`,
  ],
];
const operators: Readonly<Record<string, readonly [readonly string[], readonly string[]]>> = {
  "~~": like("LIKE"),
  "~~*": like("ILIKE"),
  "!~~": like("NOT LIKE"),
  "!~~*": like("!~~*"),
  "@>": contains("@>"),
  "<@": contains("<@"),
  "&&": contains("&&"),
  "?|": contains("?|"),
  "?&": contains("?&"),
  "-": [
    [
      "SELECT data - string_to_array(note, ',') FROM t",
      "SELECT data - coalesce(regexp_split_to_array(note, ','), '{}') FROM t",
      "SELECT data - ARRAY(SELECT note FROM t LIMIT 10000) FROM t",
      `SELECT ${object} - ${array}`,
      "SELECT o - a FROM (SELECT jsonb_agg(id) o, array_agg(id) a FROM t) x",
    ],
    [
      "SELECT id - other FROM t",
      "SELECT x.n - x.m FROM (SELECT sum(id) n, sum(other) m, array_agg(id) FROM t) x",
      "SELECT data - ARRAY['a'], data - 'b' FROM t",
    ],
  ],
};

const shapes: Readonly<Record<string, readonly [readonly string[], readonly string[]]>> = Object.fromEntries(
  ["<->", "?#", "&&", "@>", "<@", "~="].map((operator) => [
    operator,
    [
      [
        `SELECT ${made}::path ${operator} ${made}::path`,
        `SELECT ${made}::polygon ${operator} p FROM t`,
        `SELECT pclose(p) ${operator} ${made}::path FROM t`,
      ],
      [
        `SELECT p ${operator} point(1, 2) FROM t`,
        `SELECT v ${operator} $1 FROM t`,
        `SELECT p ${operator} '[(0,0)]'::path FROM t`,
      ],
    ],
  ]),
);

const alone: Readonly<Record<string, readonly [readonly string[], readonly string[]]>> = {
  normalize: [
    [`SELECT normalize(${made})`, "SELECT normalize(note) FROM t"],
    ["SELECT normalize(left(note, 9)), normalize(left(note, 10000), NFKC) FROM t"],
  ],
  is_normalized: [[`SELECT ${made} IS NORMALIZED`], ["SELECT left(note, 100) IS NOT NORMALIZED FROM t"]],
  to_tsquery: [
    [`SELECT to_tsquery(${made})`],
    ["SELECT to_tsquery('english', 'a & b'), to_tsquery('a') FROM t"],
  ],
  plainto_tsquery: [[`SELECT plainto_tsquery(${made})`], ["SELECT plainto_tsquery(left(note, 1000)) FROM t"]],
  phraseto_tsquery: [
    [`SELECT phraseto_tsquery('simple', ${made})`],
    ["SELECT phraseto_tsquery(left(note, 1000)) FROM t"],
  ],
  websearch_to_tsquery: [
    [`SELECT websearch_to_tsquery(${made})`],
    ["SELECT websearch_to_tsquery(left(note, 1000)) FROM t"],
  ],
  tsquery: [
    [`SELECT ${made}::tsquery`, `SELECT '${"a&".repeat(10_000)}a'::tsquery`],
    ["SELECT left(note, 100)::tsquery, 'a & b'::tsquery FROM t"],
  ],
  xml: [
    [
      `SELECT ${made}::xml`,
      "SELECT note::xml FROM t",
      `SELECT xmlparse(content ${made})`,
      "SELECT xmlparse(document note) FROM t",
      "SELECT xml(note) FROM t",
    ],
    [
      "SELECT left(note, 100000)::xml, '<a/>'::xml, xmlparse(document '<a/>'), xmlelement(name a, note) FROM t",
    ],
  ],
  parse_ident: [
    [`SELECT parse_ident(${made})`, `SELECT parse_ident(repeat('"', 100000), false)`],
    ["SELECT parse_ident('a.b')"],
  ],
  "a name": [
    [
      "SELECT repeat('/*', 1000000)::regtype",
      `SELECT repeat('"', 1000000)::regclass`,
      `SELECT to_regtype(${made})`,
      `SELECT has_table_privilege(${made}, 'select')`,
      `SELECT pg_get_serial_sequence(repeat('"', 1000000), 'id')`,
    ],
    ["SELECT 'int4'::regtype, to_regclass('t'), has_table_privilege('public.t', 'select')"],
  ],
  xml_is_well_formed: [
    ["SELECT xml_is_well_formed(note) FROM t"],
    ["SELECT xml_is_well_formed(left(note, 1000)) FROM t"],
  ],
  xml_is_well_formed_content: [
    ["SELECT xml_is_well_formed_content(note) FROM t"],
    ["SELECT xml_is_well_formed_content('<a/>')"],
  ],
  xml_is_well_formed_document: [
    ["SELECT xml_is_well_formed_document(note) FROM t"],
    ["SELECT xml_is_well_formed_document('<a/>')"],
  ],
};

describe.each([
  ["function", deafFunctions, functions],
  ["operator", deafOperators, operators],
  ["operator of shapes", shapeOperators, shapes],
  ["value of a function or a type", deafAlone, alone],
] as const)("what nothing could end: a %s", (_, table, cases) => {
  it("has a case for each", () => {
    expect([...table.keys()].toSorted()).toEqual(Object.keys(cases).toSorted());
  });

  it.each(Object.entries(cases))("%s", (name, [denied, permitted]) => {
    for (const sql of denied) {
      expect([sql, name, judge({ sql })]).toMatchObject([
        sql,
        name,
        {
          kind: "deny",
          denial: {
            rule: "shop/x: limits",
            remedy: "correct",
            message: expect.stringMatching(/^nothing could end /u) as string,
          },
        },
      ]);
    }
    for (const sql of permitted) expect([sql, kind(sql)]).toEqual([sql, "permit"]);
  });
});

describe("values that are passed", () => {
  it.each([
    ["SELECT strpos($1, $2)", ["$1: 50000 characters", "$2: 50000 characters"]],
    ["SELECT id FROM t WHERE note ILIKE $1", ["$1: 300 characters"]],
    [
      "SELECT id FROM t WHERE note ILIKE '%' || $1 || '%' AND note LIKE $2 ESCAPE '/'",
      ["$1: 200 characters", "$2: 200 characters"],
    ],
    ["SELECT id FROM r WHERE note ILIKE $1 OR other ILIKE $1", ["$1: 200 characters"]],
    ["SELECT id FROM t WHERE first || ' ' || last ILIKE '%' || $1 || '%'", ["$1: 200 characters"]],
    ["UPDATE t SET note = $1 WHERE note LIKE $2", ["$2: 300 characters"]],
    ["SELECT id FROM t WHERE note LIKE replace($1, '_', '~_') || '%'", ["$1: 200 characters"]],
    ["SELECT id FROM t WHERE tags && $1", ["$1: 300 members"]],
    ["SELECT id FROM t WHERE data @> $1 AND note = $2", ["$1: 300 members"]],
    ["SELECT id FROM t WHERE data @> jsonb_build_object('id', $1::int)", []],
    ["SELECT id FROM t WHERE data @> jsonb_build_object('name', $1::text, 'tags', $2)", ["$2: 300 members"]],
    ["SELECT $1::jsonb @> $2::jsonb", ["$1: 10000 members", "$2: 10000 members"]],
    [
      "SELECT strpos($1, '@'), strpos(left($1, 100), $2)",
      ["$1: 20000000 characters", "$2: 20000000 characters"],
    ],
    ["SELECT normalize($1)", ["$1: 10000 characters"]],
    ["SELECT id FROM t WHERE v @@ websearch_to_tsquery($1)", ["$1: 10000 characters"]],
    ["SELECT id FROM t WHERE v @@ $1", ["$1: 10000 characters", "$1: 10000 path"]],
    [
      "SELECT id FROM t WHERE data @? $1 AND jsonb_path_exists(data, $2)",
      ["$1: 10000 path", "$2: 10000 path"],
    ],
    ["PREPARE p AS SELECT id FROM t WHERE note LIKE $1", ["$1: 300 characters"]],
    ["PREPARE p (jsonpath, polygon) AS SELECT $1, $2", ["$1: 10000 path", "$2: 3000 members"]],
    ["SELECT xpath('/a', $1), xmlparse(document $2)", ["$1: 100000 characters", "$2: 100000 characters"]],
    ["SELECT numnode($1), ts_rank(v, $2) FROM t", ["$1: 5000 characters", "$2: 5000 characters"]],
    ["SELECT jsonb_path_query(data, '$.a ? (@ > $x)', $1) FROM t", ["$1: 200 members"]],
    ["SELECT strpos(x.a, 'abc') FROM (SELECT $1::text AS a) x", ["$1: 500000000 characters"]],
    ["SELECT id = ANY ($1), note = $2, lower($3) FROM t", []],
    ["SELECT pg_relation_size($1), $2::regclass", ["$1: 20000 characters", "$2: 20000 characters"]],
    ["SELECT note > ANY ($1) FROM t", ["$1: 500 characters"]],
  ] as const)("%s", (sql, expected) => {
    expect([sql, bounds(sql)]).toEqual([sql, expected]);
  });
});

describe("two values of which none is bounded", () => {
  it.each([
    "SELECT note LIKE '%' || other || '%' FROM r",
    "SELECT position(other IN note) FROM r",
    "SELECT a.tags && b.tags FROM r a, r b",
    "SELECT a.data @> b.data FROM r a, r b",
    "SELECT id FROM r WHERE tags && (SELECT tags FROM r WHERE id = 1)",
    "SELECT other::xml FROM r",
    "SELECT r.note LIKE value FROM r, jsonb_each_text(jsonb_build_object('a', repeat('a', 100000)))",
    "SELECT strpos(note, mode() WITHIN GROUP (ORDER BY repeat('a', 100000))) FROM r GROUP BY note",
    "SELECT note LIKE concat(other, other, other, other) || repeat('a', 1000) FROM r",
    "SELECT note LIKE '%' || x.n FROM r, (SELECT div(10::numeric ^ 100000, 9) AS n) x",
  ])("%s", (sql) => {
    expect([sql, kind(sql)]).toEqual([sql, "deny"]);
  });
});

describe("a value that is longer than it looks", () => {
  const many = (part: string, times: number, between = ""): string => Array(times).fill(part).join(between);
  it.each([
    // Of a negative length left() and right() take off as many, and give all of the others.
    ["SELECT note LIKE '%' || left(other, -1) FROM r", "SELECT note LIKE '%' || left(other, 1) FROM r"],
    ["SELECT note LIKE '%' || right(other, -1) FROM r", "SELECT note LIKE '%' || right(other, 1) FROM r"],
    // Numbers that are written short.
    ["SELECT note LIKE '%' || 1.e16000 FROM r", "SELECT note LIKE '%' || 1.e160 FROM r"],
    ["SELECT note LIKE '%' || 1e-16000 FROM r", "SELECT note LIKE '%' || 1e-160 FROM r"],
    ["SELECT note LIKE '%' || 1e1_6000 FROM r", "SELECT note LIKE '%' || 1e1_60 FROM r"],
    [`SELECT note LIKE '%' || ${many("1e99", 5, " || ")} FROM r`, "SELECT note LIKE '%' || 1e99 FROM r"],
    [
      "SELECT note LIKE '%' || 0::numeric(1000, 999) FROM r",
      "SELECT note LIKE '%' || 0::numeric(9, 2) FROM r",
    ],
    [
      `SELECT note LIKE '%' || 1e30::float8::numeric || 1e30::float8::numeric FROM r`,
      "SELECT note LIKE '%' || id::numeric(10, 2)::varchar(20) FROM r",
    ],
    [
      "SELECT note LIKE '%' || pg_catalog.numeric(0, 65537003) FROM r",
      "SELECT note LIKE '%' || pg_catalog.numeric(0) FROM r",
    ],
    [
      "SELECT note LIKE '%' || concat(pg_catalog.bpchar('a', 9004, true)) FROM r",
      "SELECT note LIKE '%' || concat(pg_catalog.bpchar('a'::text)) FROM r",
    ],
    [
      "SELECT note LIKE '%' || array_to_string('{a}'::char(9000)[], '') FROM r",
      "SELECT note LIKE '%' || array_to_string('{a}'::varchar[], ''), tags && $1::numeric(5, 2)[] FROM r",
    ],
    ["SELECT note LIKE '%' || round(1, 2000) FROM r", "SELECT note LIKE '%' || round(1, 2) FROM r"],
    ["SELECT note LIKE '%' || trunc(1, id) FROM r", "SELECT note LIKE '%' || trunc(1.5) FROM r"],
    [
      "SELECT note LIKE '%' || sha512('a')::text || sha512('b')::text || sha512('c')::text || sha512('d')::text FROM r",
      "SELECT note LIKE '%' || sha512('a')::text FROM r",
    ],
    [
      "SELECT note LIKE '%' || normalize(repeat('a', 40), NFKD) FROM r",
      "SELECT note LIKE '%' || normalize('a', NFKD) FROM r",
    ],
    [
      "SELECT note LIKE array_to_string(percentile_disc('{0.1,0.2}'::float8[]) WITHIN GROUP (ORDER BY left(other, 100)), '') FROM r GROUP BY 1",
      "SELECT note LIKE percentile_disc(0.5) WITHIN GROUP (ORDER BY left(other, 100)) FROM r GROUP BY note",
    ],
    // What is cut by its cast replaces more often.
    [
      `SELECT replace(note, '${many("a", 50)}'::varchar(1), '${many("b", 50)}') LIKE '%${many("b", 50)}c' FROM r`,
      `SELECT replace(note, '${many("a", 50)}', '${many("b", 50)}') LIKE '%${many("b", 50)}c' FROM r`,
    ],
    // Texts of several bytes a character, and bits of four a digit.
    [`SELECT note LIKE '%${many("€", 300)}' FROM r`, `SELECT note LIKE '%${many("e", 300)}' FROM r`],
    [`SELECT strpos(note, '${many("€", 600)}') FROM r`, `SELECT strpos(note, '${many("e", 600)}') FROM r`],
    [
      `SELECT position(X'${many("0", 200)}' IN note) FROM r`,
      `SELECT position(B'${many("0", 200)}' IN note) FROM r`,
    ],
    // Members without text.
    [
      `SELECT tags && string_to_array('${many(",", 1000)}', ',') FROM r`,
      `SELECT tags && string_to_array('${many(",", 100)}', ',') FROM r`,
    ],
    [
      `SELECT tags && string_to_array('${many("a", 1000, ";")}', ';') FROM r`,
      `SELECT tags && string_to_array('${many("a", 100, ";")}', ';') FROM r`,
    ],
    [
      `SELECT string_to_array(note, ',') && '{${many("1", 150, ",")}}' FROM r`,
      `SELECT string_to_array(note, ',') && '{${many("1", 50, ",")}}' FROM r`,
    ],
    ["SELECT tags && repeat('1,', 1000)::int[] FROM r", "SELECT tags && repeat('1,', 50)::int[] FROM r"],
    [
      "SELECT tags && string_to_array(replace($1, 'a', ','), ',') FROM r",
      "SELECT tags && string_to_array($1, ',') FROM r",
    ],
    [
      `SELECT tags && translate('${many("a", 1000)}', 'a', ',')::int[] FROM r`,
      `SELECT tags && translate('${many("a", 100)}', 'a', ',')::int[] FROM r`,
    ],
    ["SELECT data - regexp_matches(note, other) FROM r", "SELECT data - 'a' FROM r"],
    [
      `SELECT jsonb_path_query_array(data, '$[0 to last, 0 to last]') @> '[1, 2]' FROM r`,
      `SELECT jsonb_path_query_array(data, '$[*]') @> '[1, 2]' FROM r`,
    ],
    [
      `WITH g AS (SELECT jsonb_agg(data) AS js FROM r) SELECT * FROM g WHERE js @> '[${many('{"a":1}', 5, ",")}]'`,
      `WITH g AS (SELECT jsonb_agg(data) AS js FROM r) SELECT * FROM g WHERE js @> '[{"a":1}]'`,
    ],
    // Each of several patterns is looked for, and the other side read again for each member.
    [
      `SELECT note LIKE ANY ('{${many("%b%", 200, ",")}}') FROM r`,
      `SELECT note LIKE ANY ('{${many("%b%", 50, ",")}}') FROM r`,
    ],
    [
      `SELECT data ? ANY ('{${many("b", 1000, ",")}}') FROM r`,
      `SELECT data ? ANY ('{${many("b", 50, ",")}}') FROM r`,
    ],
    [
      `SELECT note ~<~ ALL ('{${many("b", 1000, ",")}}') FROM r`,
      `SELECT note ~<~ ALL ('{${many("b", 50, ",")}}') FROM r`,
    ],
  ])("%s", (denied, permitted) => {
    expect([denied, kind(denied)]).toEqual([denied, "deny"]);
    expect([permitted, kind(permitted)]).toEqual([permitted, "permit"]);
  });
});

describe("a column of a sub-select is as long as what it stands for", () => {
  const long = "repeat('a', 100000)";
  it.each([
    [
      "by its name",
      "SELECT x.a LIKE '%bcd' FROM (SELECT note AS a, string_agg(note, '') AS b FROM r GROUP BY 1) x",
    ],
    [
      "by its place",
      "SELECT x.a LIKE '%bcd' FROM (SELECT note, string_agg(note, '') FROM r GROUP BY 1) x (a, b)",
    ],
    [
      "by WITH",
      "WITH x AS (SELECT note, json_agg(id) AS b FROM r GROUP BY 1) SELECT note LIKE '%bcd' FROM x",
    ],
    ["by a star", "SELECT note LIKE '%bcd' FROM (SELECT * FROM (SELECT note, id FROM r) y) x"],
    [
      "by recursion beside it",
      "WITH RECURSIVE c AS (SELECT id, note, ARRAY[id] AS p FROM r UNION ALL SELECT r.id, r.note, c.p || r.id FROM r JOIN c ON r.other = c.note) SELECT note LIKE '%bcd' FROM c",
    ],
    ["in VALUES", "SELECT r.note LIKE x.a FROM r, (VALUES ('abc', 1), ('def', 2)) x (a, b)"],
    [
      "in both arms",
      "SELECT r.note LIKE x.a FROM r, (SELECT 'a' AS a UNION ALL SELECT left(note, 10) FROM r) x",
    ],
    ["of a function in FROM", "SELECT r.note LIKE x.x FROM r, unnest('{a,b}'::text[]) x"],
    ["from around it", "SELECT (SELECT x.a LIKE '%bcd' FROM (SELECT r.note AS a) x) FROM r"],
    [
      "of a join",
      "SELECT x.note LIKE '%bcd' FROM (r JOIN (SELECT id, left(note, 9) AS n FROM r) y USING (id)) x",
    ],
    ["of a sub-select for a value", "SELECT note LIKE (SELECT left(other, 9) FROM r LIMIT 1) FROM r"],
  ])("and short: %s", (_, sql) => {
    expect([sql, kind(sql)]).toEqual([sql, "permit"]);
  });

  it.each([
    [
      "by its name",
      "SELECT x.b LIKE '%bcd' FROM (SELECT note AS a, string_agg(note, '') AS b FROM r GROUP BY 1) x",
    ],
    [
      "by its place",
      "SELECT x.b LIKE '%bcd' FROM (SELECT note, string_agg(note, '') FROM r GROUP BY 1) x (a, b)",
    ],
    [
      "by a shorter list",
      "SELECT x.string_agg LIKE '%bcd' FROM (SELECT note, string_agg(note, '') FROM r GROUP BY 1) x (a)",
    ],
    [
      "by WITH",
      "WITH x (a, b) AS (SELECT note, json_agg(id)::text FROM r GROUP BY 1) SELECT b LIKE '%bcd' FROM x",
    ],
    ["by a star", "SELECT b LIKE '%bcd' FROM (SELECT * FROM (SELECT string_agg(note, '') AS b FROM r) y) x"],
    [
      "by a star renamed",
      "SELECT q LIKE '%bcd' FROM (SELECT * FROM (SELECT string_agg(note, '') AS b FROM r) y) x (q)",
    ],
    [
      "by recursion",
      "WITH RECURSIVE c AS (SELECT id, note AS p FROM r UNION ALL SELECT r.id, c.p || c.p FROM r JOIN c ON r.other = c.p) SELECT p LIKE '%bcd' FROM c",
    ],
    [
      "by recursion with a list",
      "WITH RECURSIVE c (a, b) AS (SELECT id, note FROM r UNION ALL SELECT r.id, c.b || c.b FROM r JOIN c ON r.other = c.b) SELECT b LIKE '%bcd' FROM c",
    ],
    ["in VALUES", `SELECT r.note LIKE x.a FROM r, (VALUES ('abc', 1), (${long}, 2)) x (a, b)`],
    ["in the second arm", `SELECT r.note LIKE x.a FROM r, (SELECT 'a' AS a UNION ALL SELECT ${long}) x`],
    [
      "in the second arm by its place",
      `SELECT r.note LIKE x.a FROM r, (SELECT 'a' AS a, 1 UNION ALL SELECT ${long} AS b, 2) x`,
    ],
    ["of a function in FROM", "SELECT r.note LIKE x FROM r, unnest(r.tags) x"],
    ["from around it", "SELECT (SELECT o.note LIKE x.a FROM r o, (SELECT r.note AS a) x) FROM r"],
    [
      "of a join",
      `SELECT r.note LIKE z.n FROM r, ((SELECT 1 AS id) x JOIN (SELECT 1 AS id, ${long} AS n) y USING (id)) z`,
    ],
    ["of what USING merges", `SELECT r.other LIKE note FROM r JOIN (SELECT ${long} AS note) y USING (note)`],
    ["of a sub-select for a value", "SELECT note LIKE (SELECT other FROM r LIMIT 1) FROM r"],
    ["of a whole row", "SELECT r.note LIKE x::text FROM r, (SELECT r.other) x"],
    [
      "of a row that INSERT refuses",
      "INSERT INTO t (id, note) VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET note = 'b' WHERE t.note LIKE excluded.note",
    ],
  ])("and long: %s", (_, sql) => {
    expect([sql, kind(sql)]).toEqual([sql, "deny"]);
  });
});

describe("the hint", () => {
  const hint = (sql: string): string | undefined => {
    const verdict = judge({ sql });
    return verdict.kind === "deny" ? verdict.denial.hint : undefined;
  };
  it.each([
    [
      "SELECT strpos(note, other) FROM r",
      "bound what is looked for, and what it is looked for in: strpos(left(…, 1000000), left(…, 100))",
    ],
    [
      "SELECT position(other IN note) FROM r",
      "bound what is looked for, and what it is looked for in: position(left(…, 100) IN left(…, 1000000))",
    ],
    [
      "SELECT 1 FROM r HAVING string_agg(note, ', ') LIKE '%Bob%'",
      "bound what it is looked for in: left(…, 1000000) LIKE …",
    ],
    [
      "SELECT 1 FROM r HAVING rtrim(string_agg(note, ', '), ', ') = 'a'",
      "bound what it is looked for in: rtrim(left(…, 1000000), …)",
    ],
    ["SELECT normalize(note) FROM r", "bound it: left(…, 10000)"],
  ])("says what mends %s", (sql, expected) => {
    expect([sql, hint(sql)]).toEqual([sql, expected]);
  });
});

describe("columns of a short type", () => {
  const short = { ...database, key: "short", shortColumns: new Set(["email", "period"]) };
  const verdict = (sql: string): string => judgeText({ sql, database: short }).kind;

  it.each([
    "SELECT t.id FROM t JOIN t c ON t.note LIKE '%' || c.email",
    "SELECT 1 FROM t a JOIN t b ON a.period && b.period",
    "SELECT data @> jsonb_build_object('email', email) FROM t",
    "SELECT strpos(note, lower(email)) FROM t",
  ])("%s", (sql) => {
    expect([verdict(sql), kind(sql)]).toEqual(["permit", "deny"]);
  });

  it.each([
    ["another name", "SELECT note LIKE '%' || other FROM t"],
    ["under the name of one", "SELECT note LIKE email FROM t x (note, email)"],
    ["an item of that name", "SELECT note LIKE email::text FROM t, t email"],
    ["of what the statement makes", "SELECT t.note LIKE x.email FROM t, (SELECT other AS email FROM t) x"],
  ])("and not %s", (_, sql) => {
    expect([sql, verdict(sql)]).toEqual([sql, "deny"]);
  });
});

describe("what makes a value longer", () => {
  it.each([
    ["replace(note, 'a', repeat('b', 400))", "replace(note, 'abc', 'def')"],
    ["replace(note, 'a', other)", "replace(note, 'a', '')"],
    ["regexp_replace(note, '.', 'aaaaaaaaaa', 'g')", "regexp_replace(note, '[^a-z]', '', 'g')"],
    ["array_to_string(tags, 'aaaaaaaaaa')", "array_to_string(tags, ', ')"],
    ["format('%1$s%1$s%1$s%1$s', note)", "left(format('%s (%s)', note, other), 10000)"],
    ["jsonb_pretty(data)", "left(jsonb_pretty(data), 10000)"],
    [
      "ts_headline('simple', note, q, 'StartSel=aaaaaaaaaaaaaaaaa')",
      "left(ts_headline('simple', note, q), 1000)",
    ],
    ["jsonb_path_query_array(data, '$.**')::text", "jsonb_path_query_array(data, '$.a[*]')::text"],
    ["encode(note::bytea, 'escape')", "encode(left(note, 100)::bytea, 'escape')"],
    ["overlay(note placing '' from 2000001 for -2000000)", "left(overlay(note placing '' from 2), 1000)"],
    ["ROW(ROW(ROW(note)))::text", "left(ROW(note)::text, 100)"],
    ["'1e100000'::numeric::text || repeat('a', 2400000)", "'1e1'::numeric::text || note"],
    ["'[1e131071]' || note || note", "'[1]' || note"],
    ["array_to_string(ARRAY(SELECT note FROM t LIMIT 50), '')", "lower(note)"],
  ])("%s", (long, short) => {
    const search = `'${"b".repeat(1000)}'`;
    const sql = (value: string): string => `SELECT strpos(${value}, ${search}) FROM t`;
    expect([long, kind(sql(long)), short, kind(sql(short))]).toEqual([long, "deny", short, "permit"]);
  });
});

/** Eight sub-selects, each of which makes a value of the one before. */
function nestedly(made: string): string {
  return Array.from({ length: 8 }).reduce<string>(
    (inner, _, level) => `SELECT ${made} AS s FROM (${inner}) x${level}`,
    "SELECT note AS s FROM t",
  );
}

it("what is made of one relation of the catalogue is as long as that has rows", () => {
  const dictionaries =
    "pg_catalog.btrim(ARRAY(SELECT m.mapdict FROM pg_catalog.pg_ts_config_map m WHERE m.mapcfg = c.oid)::text, '{}')";
  for (const sql of [
    `SELECT ${dictionaries} FROM pg_catalog.pg_ts_config c`,
    "SELECT string_agg(relname, ', ') LIKE '%orders%' FROM pg_class",
  ])
    expect([sql, kind(sql)]).toEqual([sql, "permit"]);
  for (const sql of [
    "SELECT btrim(ARRAY(SELECT a.relname FROM pg_class a, pg_class b)::text, '{}')",
    "SELECT btrim(ARRAY(SELECT relname FROM pg_class UNION ALL SELECT note FROM t)::text, '{}')",
    "SELECT string_agg(relname, ', ') LIKE '%orders%' FROM pg_class, generate_series(1, 1000000)",
    "SELECT btrim(ARRAY(SELECT note FROM t)::text, '{}')",
  ])
    expect([sql, kind(sql)]).toEqual([sql, "deny"]);
});

describe("what makes a value large", () => {
  const compared = (from: string): string => `SELECT strpos(x.s, 'abcdefghijklmnop') FROM (${from}) x`;
  it.each([
    ["an aggregate", "SELECT string_agg(note, '') AS s FROM t"],
    ["an aggregate of SQL/JSON", "SELECT JSON_ARRAYAGG(note)::text AS s FROM t"],
    ["an array of a query", "SELECT array_to_string(ARRAY(SELECT note FROM t), '') AS s"],
    ["recursion", "WITH RECURSIVE r AS (SELECT 'a' AS s UNION ALL SELECT s || s FROM r) SELECT s FROM r"],
    ["much of one", `SELECT ${Array.from({ length: 400 }, () => "note").join(" || ")} AS s FROM t`],
    ["doubling", nestedly("s || s")],
    ["doubling by a function", nestedly("concat(s, s)")],
    ["doubling in arrays", nestedly("array_to_string(ARRAY[s, s], '')")],
    ["doubling in XML", nestedly("xmlconcat(s::xml, s::xml)::text")],
    ["a replacement", "SELECT replace(note, 'a', repeat('b', 400)) AS s FROM t"],
    ["a separator", "SELECT array_to_string(tags, other) AS s FROM t"],
  ])("%s", (_, from) => {
    expect([from, kind(compared(from))]).toEqual([from, "deny"]);
  });

  it("and a column of a table beside it is what it is", () => {
    const sql = (column: string): string =>
      `SELECT string_agg(o.note, ', ') FROM t o JOIN t c ON c.id = o.other WHERE ${column} ILIKE '%corp%' GROUP BY c.id`;
    expect([kind(sql("c.note")), kind(sql("note"))]).toEqual(["permit", "permit"]);
    expect(
      kind(
        "WITH c AS (SELECT note || ' ' || other || ', ' || id AS s FROM t) SELECT s FROM c WHERE s ILIKE '%mayfly%'",
      ),
    ).toBe("permit");
    expect(kind("WITH c AS (SELECT lower(note) e FROM t) SELECT split_part(e, '@example', 2) FROM c")).toBe(
      "permit",
    );
  });
});

describe("a number that bounds a value", () => {
  it.each([
    [
      "SELECT tags && ARRAY(SELECT id FROM t LIMIT 100) FROM t",
      "SELECT tags && ARRAY(SELECT id FROM t LIMIT 100000) FROM t",
    ],
    [
      "SELECT tags && ARRAY(SELECT id FROM t ORDER BY id FETCH FIRST 1 ROWS ONLY) FROM t",
      "SELECT tags && ARRAY(SELECT id FROM t ORDER BY id FETCH FIRST 1 ROWS WITH TIES) FROM t",
    ],
    [
      "SELECT note LIKE left(other, 9) FROM t",
      "SELECT note LIKE substring(other SIMILAR '%' ESCAPE '9') FROM t",
    ],
    ["SELECT note LIKE other::varchar(10) FROM t", "SELECT note LIKE other::varchar(10000) FROM t"],
    ["SELECT note LIKE left(other, 10) FROM t", "SELECT note LIKE left(other, 10000) FROM t"],
  ])("is in the verdict of its own text alone: %s", (small, large) => {
    expect([kind(small), kind(large)]).toEqual(["permit", "deny"]);
  });
});

it("an array of a type that is read slowly has so many members where it is read from a text", () => {
  for (const sql of [
    "SELECT ('{' || repeat('1,', 4999990) || '1}')::tsvector[]",
    "SELECT string_agg(note, ',')::jsonb[] FROM t",
  ])
    expect([sql, kind(sql)]).toEqual([sql, "deny"]);
  for (const sql of [
    "SELECT array_agg(data)::jsonb[] FROM t",
    "SELECT '{1,2}'::jsonb[], note::tsvector[] FROM r",
  ])
    expect([sql, kind(sql)]).toEqual([sql, "permit"]);
  expect(bounds("SELECT unnest($1::jsonb[]), unnest($2::int[])")).toEqual(["$1: 2000000 characters"]);
});

describe("what is done with one row", () => {
  const many = (count: number, part: string): string => Array.from({ length: count }, () => part).join(", ");

  it("compares so much at most, and what is passed is shorter the more there is of it", () => {
    const search = (count: number, part: string): string => `SELECT ${many(count, part)} FROM t`;
    expect(kind(search(2, `note LIKE '%${"a".repeat(600)}'`))).toBe("deny");
    expect(kind(search(40, "note ILIKE '%invoice%'"))).toBe("permit");
    expect(kind(search(9, "normalize(left(note, 10000))"))).toBe("deny");
    expect(kind(search(3, "websearch_to_tsquery($1)"))).toBe("permit");
    expect(bounds("SELECT note LIKE $1, note LIKE $2, note LIKE $3, note LIKE $4 FROM r")).toEqual([
      "$1: 100 characters",
      "$2: 100 characters",
      "$3: 100 characters",
      "$4: 100 characters",
    ]);
  });
});

it("what becomes xml or a query beside a column of that type is bounded where it is written or passed", () => {
  const slow = { ...database, key: "slow", slowTypes: new Set(["xml", "tsquery"]) };
  const verdict = (sql: string): ReturnType<typeof judgeText> => judgeText({ sql, database: slow });
  const insert = (value: string): string => `INSERT INTO t (id, doc) VALUES (1, ${value})`;
  expect(verdict(insert(`'${"a".repeat(10_001)}'`)).kind).toBe("deny");
  expect(verdict(insert(`'${"a".repeat(10_000)}'`)).kind).toBe("permit");
  expect(verdict(insert("$1"))).toMatchObject({
    cover: { bounds: [[1, { of: "characters", most: 10_000 }]] },
  });
  expect([kind(insert(`'${"a".repeat(10_001)}'`)), bounds(insert("$1"))]).toEqual(["permit", []]);
});

describe("a path of XPath", () => {
  it("gives no nodes that stand in one another, unless the document is short", () => {
    for (const path of ["//a", "//n:a/b", "//*"])
      expect([path, kind(`SELECT xpath('${path}', doc) FROM t`)]).toEqual([path, "deny"]);
    for (const path of ["//a/text()", "//a/@id", "/r/a", "/r/*/b"])
      expect([path, kind(`SELECT xpath('${path}', doc) FROM t`)]).toEqual([path, "permit"]);
    expect(kind("SELECT xpath('//a', '<r><a/></r>'), xpath('//a', left(note, 1000)::xml) FROM t")).toBe(
      "permit",
    );
  });

  it.each([
    ["'/r/a/b/text()'", "permit"],
    ["'//a[1]/text()'", "permit"],
    ["'//a[@id = \"5\"]/b[last()]/@n'", "permit"],
    ["'count(//a[b=''c''])'", "permit"],
    ["'//a[count(//b) > 1]'", "deny"],
    ["'//a[.//b]'", "deny"],
    ["'count(//a[count(//a)])'", "deny"],
    ["'//a/text()'", "permit"],
    ["'//a/text()|/r/a/text()'", "deny"],
    ["'(a)/b'", "deny"],
    ["'//a//b'", "deny"],
    ["'count(//*[count(//*) > 0])'", "deny"],
    ["'/r/a/@id'", "permit"],
    ["'/r/a/ancestor::*'", "deny"],
    ["'/r/a/../b'", "deny"],
    ["$1", "deny"],
    ["note", "deny"],
    ["'//n:a/@id'", "permit"],
  ])("%s: %s", (path, expected) => {
    for (const sql of [
      `SELECT xpath(${path}, doc) FROM t`,
      `SELECT xpath_exists(${path}, doc) FROM t`,
      `SELECT xmlexists(${path} PASSING doc) FROM t`,
      `SELECT x.a FROM t, XMLTABLE(${path} PASSING doc COLUMNS a text) x`,
      `SELECT x.a FROM t, XMLTABLE('/r' PASSING doc COLUMNS a text PATH ${path}) x`,
    ])
      expect([sql, kind(sql)]).toEqual([sql, expected]);
  });
});

describe("a path of SQL/JSON", () => {
  it.each([
    ["$.items[*] ? (@.price > 10)", "permit"],
    ['$.items[*] ? (@.price > 10 && @.name == "a" || !(5 <= @.n))', "permit"],
    ["$[*] ? (@.a == $x)", "permit"],
    ["$.a > 5", "permit"],
    ['$.name like_regex "^a == b"', "permit"],
    ['$.a[*] ? (@ starts with "x")', "permit"],
    ["$ ? (@.a[*] == @.b[*])", "deny"],
    ["$ ? (@.a == @.b)", "deny"],
    ["$.a == $.b", "deny"],
    ["$ ? (@.a != 5 && @.b < @.c)", "deny"],
    ["$ ? (@.a /* 5 == 5 */ == $x[*])", "deny"],
    ['$ ? (@."1" == @."2")', "deny"],
    ["$ ? (@.a > 5 + @.b)", "deny"],
  ])("%s: %s", (path, expected) => {
    for (const sql of [
      `SELECT jsonb_path_query(data, '${path}') FROM t`,
      `SELECT jsonb_path_exists(data, '${path}'::jsonpath) FROM t`,
      `SELECT data @? '${path}' FROM t`,
      `SELECT data @@ '${path}' FROM t`,
      `SELECT JSON_EXISTS(data, '${path}') FROM t`,
      `SELECT x.a FROM t, JSON_TABLE(data, '${path}' COLUMNS (a int PATH '$')) x`,
      `SELECT x.a FROM t, JSON_TABLE(data, '$' COLUMNS (a int PATH '${path}')) x`,
    ])
      expect([sql, kind(sql)]).toEqual([sql, expected]);
  });

  it("has to be written, and its variables are few", () => {
    for (const sql of [
      "SELECT jsonb_path_query(data, note::jsonpath) FROM t",
      "SELECT data @@ (SELECT '$.a == $.b'::jsonpath) FROM t",
      "SELECT data @@ x.p FROM t, (SELECT '$.a == $.b'::jsonpath AS p) x",
      "SELECT jsonb_path_query(data, '$ ? (@.a == $x)', data) FROM t",
    ])
      expect([sql, kind(sql)]).toEqual([sql, "deny"]);
    for (const sql of [
      "SELECT v @@ $1::tsquery FROM t",
      "SELECT jsonb_path_query(data, '$ ? (@.a == $x)', '{\"x\": 5}') FROM t",
      "SELECT jsonb_path_query(data, '$ ? (@.a == $x)', vars => jsonb_build_object('x', $1::int)) FROM t",
    ])
      expect([sql, kind(sql)]).toEqual([sql, "permit"]);
  });
});
