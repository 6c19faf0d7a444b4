import fc from "@mayfly/testing/fast-check.ts";
import { beforeAll, describe, expect, test } from "vitest";
import { scopeSchema } from "../scope.ts";
import { loadGrammar } from "./syntax/grammar.ts";
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
  ])("texts without a shape: %s", (sql) => expect(shapeOf(sql)).toBeUndefined());
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
