// tier: full
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { call, getAccess } from "@mayfly/testing/api.ts";
import { type ConfiguredGateway, startConfiguredGateway } from "@mayfly/testing/configured-gateway.ts";
import { type EmbeddedPostgres, startPostgres } from "@mayfly/testing/postgres.ts";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";

// What honest work does in one go, with the limits of a gateway that is not told any: nothing of it waits for its pace.

const run = promisify(execFile);
const ROWS = 1_000_000;
const TOKEN = "a-token-that-only-scrapes";
const EXECUTED = { clients: 4, each: 25_000 };

let database: EmbeddedPostgres;
let running: ConfiguredGateway;
beforeAll(async () => {
  database = await startPostgres();
  const admin = new pg.Client({ connectionString: database.url() });
  await admin.connect();
  await admin.query("create table lines (id bigint, text text)");
  await admin.end();
  running = await startConfiguredGateway({
    name: "unhurried",
    agents: { bot: ["bots"] },
    postgres: "tls",
    environment: { DB_PASSWORD: database.password, SCRAPE_TOKEN: TOKEN },
    configuration: `audit: { folder: data/log }
connections:
  db:
    postgres: { host: 127.0.0.1, port: ${database.port}, database: postgres, user: postgres, password: { env: DB_PASSWORD }, tls: disable }
    operations:
      load: { statements: [select, insert, copy_from], tables: { public.lines: all } }
policies: [{ name: bots, groups: [bots], connection: db, operations: [load], ttl: 15m }]
telemetry: { metrics: { token: { env: SCRAPE_TOKEN } } }
`,
  });
});
afterAll(async () => {
  await running?.stop();
  await database?.stop();
});

test("COPY of a million rows and a hundred thousand prepared executions wait nowhere", async () => {
  const token = await running.okta.tokenFor({ agent: "bot" });
  const access = await getAccess(running.gateway, token, "db", ["load"], "15m");
  const env = { ...process.env, ...access.env, PGSSLROOTCERT: running.gateway.caFile };
  const rows = path.join(running.folder, "rows.tsv");
  writeFileSync(rows, Array.from({ length: ROWS }, (_, at) => `${at}\tline ${at}\n`).join(""));
  const copied = await run("psql", ["-X", "-c", String.raw`\copy public.lines from '${rows}'`], { env });
  expect(copied.stdout.trim()).toBe(`COPY ${ROWS}`);

  const script = path.join(running.folder, "insert.sql");
  writeFileSync(
    script,
    "\\set id random(1, 1000000)\ninsert into public.lines (id, text) values (:id, 'again');\n",
  );
  const { clients, each } = EXECUTED;
  const executed = await run(
    "pgbench",
    ["-n", "-M", "prepared", "-c", String(clients), "-t", String(each), "-f", script],
    { env },
  );
  expect(executed.stdout).toContain(`${clients * each}/${clients * each}`);
  const metrics = String((await call(running.gateway, TOKEN, "GET", "/metrics")).body);
  expect(/^mayfly_acts_total\{verdict="permit"\} (\d+)$/m.exec(metrics)?.[1]).toBe(
    // The COPY, and for each client a Parse.
    String(1 + clients + clients * each),
  );
  expect(metrics.match(/^mayfly_acts_paced_total.*$/gm)).toEqual([
    'mayfly_acts_paced_total{outcome="waited"} 0',
    'mayfly_acts_paced_total{outcome="too_fast"} 0',
  ]);
});
