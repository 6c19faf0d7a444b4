// `node bench/bytes-per-act.ts [ACTS]`: what an act costs on the disk, in the log and in the store, by a mix of
// PostgreSQL statements (prepared and simple) and HTTP requests (one in twenty denied) through a real gateway, on each store.
import { readdirSync, readFileSync, rmSync, statSync, mkdtempSync, copyFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { call, getAccess } from "@mayfly/testing/api.ts";
import { billingAuth, startBilling, withBilling } from "@mayfly/testing/billing.ts";
import { root } from "@mayfly/testing/gateway.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";

const acts = Number(process.argv[2] ?? 4000);
/** Clients of each protocol at once. */
const CLIENTS = 4;

interface Sizes {
  readonly log: number;
  readonly database: number;
}

for (const store of ["sqlite", "postgres"] as const) await measure(store);

async function measure(store: "sqlite" | "postgres"): Promise<void> {
  const billing = await startBilling();
  const folder = mkdtempSync(path.join(tmpdir(), "mayfly-bench-bytes-"));
  copyFileSync(path.join(root, "examples/schemas/refund.json"), path.join(folder, "refund.json"));
  const world = await startWorld({
    store,
    configure: (text) => withBilling(text, billing.url, folder),
    environment: { BILLING_AUTH: billingAuth },
  });
  try {
    await work(world, acts / 10);
    const before = await sizes(world, store);
    await work(world, acts);
    const after = await sizes(world, store);
    const log = (after.log - before.log) / acts;
    const database = (after.database - before.database) / acts;
    console.log(
      `${store}: ${acts} acts; log ${log.toFixed(0)}, database ${database.toFixed(0)}, together ${(log + database).toFixed(0)} bytes an act`,
    );
  } finally {
    await world.stop();
    await billing.stop();
    rmSync(folder, { recursive: true });
  }
}

/** With the gateway stopped, so that everything is written and indexed; it runs again afterwards. */
async function sizes(world: World, store: "sqlite" | "postgres"): Promise<Sizes> {
  const asked = await call(
    world.gateway,
    await world.personToken("olga@example.com"),
    "GET",
    "/v1/audit/records?limit=1",
  );
  if (asked.status !== 200) throw new Error(`the search answered ${asked.status}`);
  await world.gateway.stop();
  const records = path.join(world.folder, "data/audit/records");
  const log = readdirSync(records).reduce((sum, file) => sum + statSync(path.join(records, file)).size, 0);
  const database = store === "sqlite" ? sqliteBytes(world) : await postgresBytes(world);
  await world.restart();
  return { log, database };
}

function sqliteBytes(world: World): number {
  const database = new DatabaseSync(path.join(world.folder, "data/mayfly.db"));
  try {
    const number = (name: string): number => Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
    return (number("page_count") - number("freelist_count")) * number("page_size");
  } finally {
    database.close();
  }
}

async function postgresBytes(world: World): Promise<number> {
  const client = new pg.Client(world.postgres.url("mayfly"));
  await client.connect();
  try {
    const found = await client.query<{ readonly bytes: string }>(
      "select sum(pg_total_relation_size(oid)) as bytes from pg_class where relname like 'mayfly%' and relkind = 'r'",
    );
    return Number(found.rows[0]?.bytes);
  } finally {
    await client.end();
  }
}

async function work(world: World, count: number): Promise<void> {
  const each = Math.ceil(count / CLIENTS / 2);
  const token = await world.agentToken();
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      await statements(world, token, each);
      await requests(world, token, each);
    }),
  );
}

async function statements(world: World, token: string, count: number): Promise<void> {
  const access = await getAccess(world.gateway, token, "orders-db", ["read-orders"], "10m");
  const client = new pg.Client({
    host: "127.0.0.1",
    port: world.gateway.postgresPort,
    user: access.grant,
    password: access.secret,
    database: "orders-db",
    ssl: { ca: readFileSync(world.gateway.caFile, "utf8"), servername: "localhost" },
  });
  await client.connect();
  const text = "select id, status from orders where id = ";
  for (let at = 0; at < count; at += 1)
    await (at % 3 === 0
      ? client.query(`${text}${1 + (at % 50)}`)
      : client.query({ name: "by_id", text: `${text}$1`, values: [1 + (at % 50)] }));
  await client.end();
}

async function requests(world: World, token: string, count: number): Promise<void> {
  const access = await getAccess(world.gateway, token, "billing-api", ["read-invoice"], "10m");
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: readFileSync(world.gateway.caFile) });
  for (let at = 0; at < count; at += 1) {
    const what = at % 20 === 0 ? "customers" : "invoices";
    await get(agent, new URL(`/http/billing-api/v1/${what}/${1000 + at}`, world.gateway.url), access.secret);
  }
  agent.destroy();
}

function get(agent: Agent, url: URL, secret: string): Promise<void> {
  return new Promise((resolve, reject) => {
    request(url, { agent, headers: { authorization: `Bearer ${secret}` } }, (answer) => {
      answer.resume().once("end", resolve).once("error", reject);
    })
      .once("error", reject)
      .end();
  });
}
