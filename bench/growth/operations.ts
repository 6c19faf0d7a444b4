// Operations in one grant, each with a table of its own; the last of them covers the statement. A request names 16 at most:
// more than that only tells of the growth.
import { cpuOf } from "./measure.ts";
import { scopeOf } from "./scene.ts";
import { loadGrammar } from "../../packages/gateway/src/protocols/postgres/guard/syntax/grammar.ts";
import { compileScopes } from "../../packages/gateway/src/protocols/postgres/guard/verdicts.ts";
import { printRows, rowsAt, us } from "./table.ts";

await loadGrammar();
const rows = await rowsAt([10, 200, 2000], async (size) => {
  const table = `orders_${size - 1}`;
  const scopes = Array.from({ length: size }, (_, at) => ({ name: `shop/read-${at}`, scope: scopeOf(at) }));
  const compile = await cpuOf({ run: () => compileScopes(scopes) });
  const check = compileScopes(scopes);
  const judged = (sqlOf: (at: number) => string) => cpuOf({ run: (at) => check({ sql: sqlOf(at) }) });
  return {
    "a text of a known shape judged": us(
      await judged((at) => `select status from ${table} where id = ${at}`),
    ),
    "a new text permitted": us(await judged((at) => `select status as s${at} from ${table} where id = 1`)),
    "a new text denied": us(await judged((at) => `select status as s${at} from orders_x where id = 1`)),
    "scopes compiled, once a grant": us(compile),
  };
});
printRows("operations in a grant", rows);
