import fc from "@mayfly/testing/fast-check.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { scopeSchema } from "../scope.ts";
import { loadGrammar, parse } from "./syntax/grammar.ts";
import { shapeOf } from "./shape.ts";
import { compileScopes } from "./verdicts.ts";

beforeAll(loadGrammar);

const scope = scopeSchema.parse({
  statements: ["select", "update", "insert", "delete"],
  tables: { "public.orders": "all", "public.customers": { select: ["id", "name"], update: ["name"] } },
  require_where: true,
});
const fresh = () => compileScopes([{ name: "db/op", scope }]);

describe("the shape of a statement", () => {
  test.each([
    ["select * from orders where id = 17", "select * from orders where id = 0"],
    ["select 1, 22,333 from orders limit 5", "select 0, 0,0 from orders limit 0"],
    ["select col1 from t2 where a in (1,2)", "select col1 from t2 where a in (0,0)"],
    ["UPDATE t SET a=5 WHERE id=-7;", "UPDATE t SET a=0 WHERE id=-0;"],
  ])("%s", (sql, shape) => expect(shapeOf(sql)).toBe(shape));

  test.each([
    "select 1.5",
    "select 1e5",
    "select 0x1F",
    "select 1_000",
    "select 1234567890",
    "select 5a",
    "select .5",
  ])("numbers that are no plain integers stay: %s", (sql) => expect(shapeOf(sql)).toBe(sql));

  test.each([
    "select 'a' || 5",
    'select "c" from t where x = 5',
    "select $1 + 5",
    "select $a$ 5 $a$",
    "select 5 -- 6",
    "select 5 /* 6 */",
    String.raw`select \5`,
    "select ５",
    "explain (analyze 0) select 5",
    "set statement_timeout = 5",
    "prepare p as select 5",
    "select 5::float(10)",
    "select cast(5 as FLOAT (10)[])",
  ])("texts without a shape: %s", (sql) => expect(shapeOf(sql)).toBeUndefined());
});

describe("texts of one shape", () => {
  /** Wherever the grammar takes a number that stands for itself. */
  const places = [
    ...[
      "bit",
      "bit varying",
      "char",
      "character varying",
      "dec",
      "decimal",
      "double precision",
      "float",
      "float4",
      "interval",
      "interval second",
      "national character",
      "nchar",
      "numeric",
      "time",
      "timestamp",
      "timestamptz",
      "timestamp(#) with time zone",
      "varchar",
      "x",
    ].flatMap((type) => {
      const sized = type.includes("#") ? type : `${type}(#)`;
      return [`select 7::${sized}`, `select cast(7 as ${sized}[#])`, `select 7::${sized} array[#]`];
    }),
    "select current_time(#), current_timestamp(#), localtime(#), localtimestamp(#)",
    "select numeric(#, #) 5",
    "select a[#:#], b[#] from t limit # offset #",
    "select a from t order by # fetch first # rows with ties",
    "select a, sum(b) over (rows between # preceding and # following) from t group by #, a having # > -#",
    "select * from t tablesample system (#) repeatable (#)",
    "select * from rows from (f(#), g(#)) with ordinality t(a, b)",
    "insert into t values (#, default, #) on conflict (a) do update set b = # returning #",
    "with recursive x(a) as (values (#) union all select a + # from x) search depth first by a set b select # from x",
    "select case # when # then # else # end, # in (#, #), # between # and #, # is distinct from #",
    "select extract(year from #), overlay(a placing b from # for #), substring(a, #), position(# in #)",
    "select grouping(#), row(#, #), array[#, #], (#, #) overlaps (#, #), # operator(pg_catalog.+) #",
    "delete from t using u where t.a = # returning t.*, #",
    "update t set (a, b) = (#, #), c[#] = # where current of c",
  ];
  /** Lengths on both sides of what the grammar looks at, and some that mean something elsewhere. */
  const numbers = [0, 1, 2, 3, 6, 7, 8, 10, 16, 20, 24, 25, 32, 53, 54, 63, 64, 100, 999_999_999];

  const treeOf = (sql: string): string => {
    try {
      return JSON.stringify(parse(sql), (key, value: unknown) =>
        typeof value === "number" &&
        /^(?:ival|typmod|location|stmt_len|stmt_location|(?:rexpr_)?list_(?:start|end))$/.test(key)
          ? undefined
          : value,
      );
    } catch {
      return "an error";
    }
  };

  test.each(places)("have one tree, but for the numbers: %s", (place) => {
    const trees = new Map<string, Set<string>>();
    for (const number of numbers) {
      const sql = place.replaceAll("#", String(number));
      const shape = shapeOf(sql);
      if (shape !== undefined) trees.set(shape, (trees.get(shape) ?? new Set()).add(treeOf(sql)));
    }
    for (const [shape, of] of trees) expect([...of], shape).toHaveLength(1);
  });
});

describe("one verdict for a shape", () => {
  const templates = [
    "select * from orders where id = #",
    "select name from customers where id in (#, #) order by # limit #",
    "select salary from payroll where id = #",
    "select repeat(name, #) from customers",
    "select lpad(name, # + #) from customers",
    "select generate_series(#, #)",
    "update customers set name = # where id = #",
    "update customers set name = # where # = #",
    "update customers set id = # where id = #",
    "delete from orders where id = # or # = #",
    "insert into orders values (#, #)",
    "with x as (select #) select * from x, orders offset #",
    "select substring(name from # for #), cast(# as varchar(#)) from customers",
    "select * from orders tablesample system (#)",
    "select pg_sleep(#)",
  ];
  const numbers = fc.array(
    fc.oneof(fc.nat({ max: 999_999_999 }), fc.nat({ max: 20 }), fc.bigInt({ min: 0n, max: 10n ** 20n })),
    { minLength: 8, maxLength: 8 },
  );

  test("is the verdict that each text would get alone, whatever was judged before", () => {
    const warm = fresh();
    fc.assert(
      fc.property(fc.constantFrom(...templates), numbers, (template, values) => {
        let at = 0;
        const sql = template.replaceAll("#", () => String(values[at++ % values.length]));
        expect(warm({ sql })).toEqual(fresh()({ sql }));
      }),
      { numRuns: 1500 },
    );
  });

  test("is not used where a number decides", () => {
    const judge = fresh();
    expect(judge({ sql: "select repeat(name, 5) from customers" }).kind).toBe("permit");
    expect(judge({ sql: "select repeat(name, 500000000) from customers" }).kind).toBe("deny");
    expect(judge({ sql: "select repeat(name, 6) from customers" }).kind).toBe("permit");
  });
});
