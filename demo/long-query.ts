import pg from "pg";
import { expectCode, Unexpected, type Outcome, type Shell } from "./shell.ts";
import type { World } from "./world.ts";

/** Sessions of the gateway that the database itself sees, and what they run. */
export async function inDatabase(world: World): Promise<readonly { state: string; query: string }[]> {
  const client = new pg.Client({ connectionString: world.postgres.url("shop") });
  await client.connect();
  try {
    const { rows } = await client.query<{ state: string; query: string }>(
      "SELECT state, query FROM pg_stat_activity WHERE usename = 'mayfly'",
    );
    return rows;
  } finally {
    await client.end();
  }
}

/** A query of 64 million rows. */
const sql = "copy (select a.id, b.total, c.status from orders a, orders b, orders c) to stdout";

/** A query that runs, seen in the database. */
export interface LongQuery {
  /** How its client ended; rows that it got are counted. */
  readonly cut: Promise<Outcome & { readonly rows: number }>;
}

/** Starts the long query under a grant, and waits until its rows arrive. */
export async function startLongQuery(world: World, shell: Shell, dsn: string): Promise<LongQuery> {
  console.log(`  $ psql "$DSN" -c "${sql}"     (64 million rows)`);
  const rows = Promise.withResolvers<"rows">();
  const running = shell.run(`PGSSLROOTCERT=$MAYFLY_CA psql "${dsn}" -c "${sql}"`, {
    quiet: true,
    keepTail: true,
    watch: (text) => {
      if (/^\d+\t.*\n\d+\t/m.test(text)) rows.resolve("rows");
    },
  });
  const first = await Promise.race([rows.promise, running]);
  if (first !== "rows") throw new Unexpected(`the query ended before its rows arrived:\n${first.text}`);
  if ((await inDatabase(world)).length === 0) throw new Unexpected("the query is not seen in the database");
  const cut = async (): Promise<Outcome & { readonly rows: number }> => {
    const outcome = await running;
    // The last words are lines too, and no rows.
    const words = outcome.text
      .split("\n")
      .slice(-6)
      .filter((line) => line !== "" && !/^\d+\t/.test(line)).length;
    return { ...outcome, rows: outcome.lines - words };
  };
  return { cut: cut() };
}

/** Shows the last words of a query that was cut, and sees the database done with it. @throws Unexpected */
export async function showCut(world: World, cut: Outcome & { readonly rows: number }): Promise<void> {
  console.log(`    … ${cut.rows.toLocaleString("en")} rows had arrived when the grant ended:`);
  console.log(cut.text.split("\n").slice(-6).join("\n").trimEnd().replaceAll(/^/gm, "    "));
  expectCode(cut, "the cut query", 1, 2, 3);
  if (cut.rows < 1) throw new Unexpected(`the query was cut before its result began`);
  // A backend that has been cancelled takes a moment to leave.
  let left = await inDatabase(world);
  for (let i = 0; i < 25 && left.length > 0; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    left = await inDatabase(world);
  }
  if (left.length > 0) throw new Unexpected(`the database still runs ${JSON.stringify(left)}`);
  console.log("    in the database: no session of the gateway is left");
}
