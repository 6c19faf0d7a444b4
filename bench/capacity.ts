// `node bench/capacity.ts [GRANTS]`: what a grant, a session and a gateway at rest cost, for docs/capacity.md: CPU of the
// gateway, transactions and connections of a PostgreSQL store, bytes and file descriptors. Counted, not timed, so that other
// work on the machine changes little.
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { type Access, call } from "@mayfly/testing/api.ts";
import { startWorld } from "@mayfly/testing/world.ts";
import { parseStat } from "./measure/process-times.ts";
import { tableHead, tableRow } from "@mayfly/testing/table.ts";

const grants = Number(process.argv[2] ?? 200);
const SESSIONS = 20;
const REST_S = 20;
/** What the database's statistics need to be told. */
const SETTLE_MS = 3000;

interface Counts {
  readonly cpuMs: number;
  readonly log: number;
  readonly store: number;
  readonly transactions: number;
  readonly files: number;
}

const world = await startWorld({ store: "postgres" });
const database = new pg.Client({ connectionString: world.postgres.url("mayfly") });
/** Looks from elsewhere, so that looking is no transaction of the store's. */
const statistics = new pg.Client({ connectionString: world.postgres.url("postgres") });
try {
  await Promise.all([database.connect(), statistics.connect()]);
  const token = await world.agentToken();
  // Compiled before anything counts.
  const warm = await ask(token);
  for (let at = 0; at < grants / 4; at += 1) await ask(token);
  for (let at = 0; at < SESSIONS; at += 1) await (await enter(warm)).end();

  const before = await counts();
  const given: Access[] = [];
  for (let at = 0; at < grants; at += 1) given.push(await ask(token));
  const asked = await counts();
  for (const { grant } of given) await call(world.gateway, token, "POST", `/v1/grants/${grant}/release`);
  const released = await counts();
  console.log(
    tableHead(["a grant", "CPU, ms", "bytes of log", "bytes of store", "transactions of the store"]),
  );
  row("asked for, and given at once", before, asked);
  row("released", asked, released);

  const access = await ask(token);
  const start = await counts();
  const clients = await Promise.all(Array.from({ length: SESSIONS }, () => enter(access)));
  const open = await counts();
  console.log(
    `\na PostgreSQL session: ${(open.files - start.files) / SESSIONS} file descriptors, ${perOne(start, open, SESSIONS, "log")} bytes of log when it opens, ${((open.cpuMs - start.cpuMs) / SESSIONS).toFixed(1)} ms of CPU for its log-in`,
  );
  await Promise.all(clients.map((client) => client.end()));

  const rest = await counts();
  await sleep(REST_S * 1000);
  const later = await counts();
  const { rows } = await statistics.query<{ connections: number }>(
    "select count(*)::int as connections from pg_stat_activity where datname = 'mayfly' and application_name = 'mayflyd'",
  );
  // Each look waits for the statistics to settle.
  const seconds = REST_S + SETTLE_MS / 1000;
  console.log(
    `a gateway at rest: ${((later.transactions - rest.transactions) / seconds).toFixed(1)} transactions a second at the store, ${rows[0]?.connections} connections to it, ${((later.cpuMs - rest.cpuMs) / seconds / 10).toFixed(1)} % of a core`,
  );
} finally {
  await Promise.all([database.end(), statistics.end()]);
  await world.stop();
}

function row(what: string, from: Counts, to: Counts): void {
  const cpu = ((to.cpuMs - from.cpuMs) / grants).toFixed(1);
  const each = (name: "log" | "store" | "transactions"): string => perOne(from, to, grants, name);
  console.log(tableRow([what, cpu, each("log"), each("store"), each("transactions")]));
}

function perOne(from: Counts, to: Counts, count: number, name: "log" | "store" | "transactions"): string {
  return ((to[name] - from[name]) / count).toFixed(name === "transactions" ? 1 : 0);
}

/** Asks again where the gateway says that it is too soon. */
async function ask(token: string): Promise<Access> {
  for (;;) {
    const { status, body } = await call(world.gateway, token, "POST", "/v1/requests", {
      connection: "orders-db",
      operations: ["read-orders"],
      reason: "TICKET-1 capacity",
    });
    const { grant } = body as { grant?: { id: string; access: { secret: string } } };
    if (grant !== undefined) return { grant: grant.id, secret: grant.access.secret, dsn: "", env: {} };
    if (status !== 429) throw new Error(`not given: ${status}`);
    await sleep(1000);
  }
}

async function enter({ grant, secret }: Access): Promise<pg.Client> {
  const client = new pg.Client({
    host: "127.0.0.1",
    port: world.gateway.postgresPort,
    user: grant,
    password: secret,
    database: "orders-db",
    ssl: { ca: readFileSync(world.gateway.caFile), servername: "localhost" },
  });
  await client.connect();
  return client;
}

async function counts(): Promise<Counts> {
  await sleep(SETTLE_MS);
  const { pid } = world.gateway;
  const { own } = parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  const sizes = await database.query<{ bytes: string }>(
    "select sum(pg_total_relation_size(oid)) as bytes from pg_class where relname like 'mayfly%' and relkind = 'r'",
  );
  const done = await statistics.query<{ transactions: string }>(
    "select xact_commit + xact_rollback as transactions from pg_stat_database where datname = 'mayfly'",
  );
  return {
    cpuMs: (own.user + own.kernel) / 1000,
    log: bytesIn(path.join(world.folder, "data/audit/records")),
    store: Number(sizes.rows[0]?.bytes),
    transactions: Number(done.rows[0]?.transactions),
    files: readdirSync(`/proc/${pid}/fd`).length,
  };
}

function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, file) => sum + statSync(path.join(folder, file)).size, 0);
}
