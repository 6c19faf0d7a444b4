// tier: full
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import pg from "pg";
import Cursor from "pg-cursor";
import { expect, test } from "vitest";
import { startPostgres } from "@mayfly/testing/postgres.ts";
import type { ActSource, Found } from "../../../gate/inventory/seen.ts";
import { postgresCsv } from "./csv-log.ts";
import { postgresJson } from "./json-log.ts";

/** The last statement of each run: what the log holds once the server has stopped ends with it. */
const LAST = "SELECT 'the end'";

async function failing(act: Promise<unknown>): Promise<void> {
  await expect(act).rejects.toBeInstanceOf(pg.DatabaseError);
}

/** What a client does, by each way that the protocol has. */
async function work(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: "shop, backend" });
  await client.connect();
  await client.query("CREATE TABLE orders (id int PRIMARY KEY, note text)");
  await client.query(`INSERT INTO orders\n  VALUES (1, 'a "quoted", note'),\n  (2, 'b')`);
  await client.query("SELECT note FROM orders WHERE id = $1", [1]);
  await client.query({ name: "by-id", text: "SELECT id FROM orders WHERE id = $1", values: [2] });
  await failing(client.query({ name: "by-id", text: "SELECT id FROM orders WHERE id = $1", values: ["x"] }));
  await client.query("SELECT 1; SELECT 2");
  await failing(client.query("SELECT broken FROM orders"));
  await failing(client.query("SELEC syntax"));
  await failing(client.query("SELECT 1 / (id - $1::int) FROM orders", [1]));
  await failing(client.query("INSERT INTO orders VALUES (1, 'again')"));
  await client.query("BEGIN");
  await client.query("BEGIN");
  await failing(client.query("DELETE FROM orders WHERE id / 0 = 1"));
  await failing(client.query("SELECT 'in a failed transaction'"));
  await client.query("ROLLBACK");
  await client.query("PREPARE counting (int) AS SELECT count(*) FROM orders WHERE id > $1");
  await client.query("EXECUTE counting(0)");
  await client.query("BEGIN; DECLARE c CURSOR FOR SELECT * FROM orders; FETCH 1 FROM c; COMMIT");
  const cursor = client.query(new Cursor("SELECT id FROM orders ORDER BY id", []));
  while ((await cursor.read(1)).length > 0);
  await cursor.close();
  await client.query("COPY orders TO '/dev/null'");
  await client.query("CREATE FUNCTION inner_work() RETURNS int LANGUAGE sql AS 'SELECT max(id) FROM orders'");
  await client.query("SELECT inner_work()");
  await client.query(LAST);
  await client.end();
}

async function* pieces(text: string): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += 1000) yield text.slice(at, at + 1000);
}

async function found(source: ActSource, folder: string, ending: string): Promise<Found[]> {
  const all: Found[] = [];
  const files = (await readdir(folder)).filter((name) => name.endsWith(ending)).toSorted();
  for (const file of files) {
    const text = await readFile(path.join(folder, file), "utf8");
    expect(source.recognizes(text.slice(0, 65_536))).toBe(true);
    for await (const each of source.read(pieces(text))) all.push(each);
  }
  return all;
}

async function logged(settings: Readonly<Record<string, string>>): Promise<readonly [Found[], Found[]]> {
  const server = await startPostgres({
    settings: {
      logging_collector: "on",
      log_destination: "jsonlog,csvlog",
      log_directory: "log",
      log_timezone: "UTC",
      ...settings,
    },
  });
  try {
    await work(server.url());
    const folder = path.join(server.data, "log");
    await expect
      .poll(async () => {
        const files = await readdir(folder);
        const texts = await Promise.all(files.map((file) => readFile(path.join(folder, file), "utf8")));
        return texts.filter((text) => text.includes(LAST) && text.endsWith("\n")).length;
      })
      .toBe(2);
    return [await found(postgresJson, folder, ".json"), await found(postgresCsv, folder, ".csv")];
  } finally {
    await server.stop();
  }
}

/** What comes of the client's work, whatever settings had it logged; `failed` for what failed. */
const expected = [
  "CREATE TABLE orders (id int PRIMARY KEY, note text)",
  `INSERT INTO orders\n  VALUES (1, 'a "quoted", note'),\n  (2, 'b')`,
  "SELECT note FROM orders WHERE id = $1",
  "SELECT id FROM orders WHERE id = $1",
  "failed",
  "SELECT 1; SELECT 2",
  "failed",
  "failed",
  "failed",
  "failed",
  "BEGIN",
  "BEGIN",
  "failed",
  "failed",
  "ROLLBACK",
  "PREPARE counting (int) AS SELECT count(*) FROM orders WHERE id > $1",
  // What EXECUTE runs.
  "SELECT count(*) FROM orders WHERE id > $1",
  "BEGIN; DECLARE c CURSOR FOR SELECT * FROM orders; FETCH 1 FROM c; COMMIT",
  // Of a portal's three batches one.
  "SELECT id FROM orders ORDER BY id",
  "COPY orders TO '/dev/null'",
  "CREATE FUNCTION inner_work() RETURNS int LANGUAGE sql AS 'SELECT max(id) FROM orders'",
  "SELECT inner_work()",
  LAST,
];

test.each([
  { log_statement: "all" },
  { log_min_duration_statement: "0" },
  { log_statement: "all", log_min_duration_statement: "0" },
  { log_statement: "all", log_duration: "on" },
])("what a client did is read from what a real server logs with %j", async (settings) => {
  const before = Date.now();
  const [json, csv] = await logged(settings);
  expect(json.map((each) => (each.kind === "act" ? each.act.act : each.kind))).toEqual(expected);
  expect(csv).toEqual(json);
  for (const each of json) {
    if (each.kind !== "act") continue;
    expect(each.act).toMatchObject({ by: "postgres", within: "postgres", times: 1 });
    expect(each.act.at).toBeGreaterThan(before - 60_000);
    expect(each.act.at).toBeLessThanOrEqual(Date.now());
  }
});
