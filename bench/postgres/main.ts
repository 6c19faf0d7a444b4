// `npm run bench`: the same load on the same database direct, through PgBouncer and through Mayfly, in one run.
// Rounds are interleaved, so that whatever else the machine does falls on all three; medians are printed, and the raw
// runs are kept in a file.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { root } from "../../tests/support/gateway.ts";
import { median } from "../median.ts";
import { startMayfly } from "./mayfly.ts";
import { bigRows, startDatabase, startPgBouncer, type Peer } from "./peers.ts";
import { pgbench, type Run } from "./pgbench.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "5" },
    only: { type: "string", default: "" },
    out: { type: "string", default: path.join(root, "bench/results/postgres.json") },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);

interface Scenario {
  readonly name: string;
  readonly args: readonly string[];
  /** What a transaction is worth in the unit printed. */
  readonly unit: "tps" | "MB/s";
}

const scenarios: Scenario[] = [];
for (const clients of [1, 8]) {
  for (const mode of ["simple", "extended", "prepared"]) {
    scenarios.push({
      name: `-S ${mode}, ${clients} client${clients > 1 ? "s" : ""}`,
      args: ["-S", "-M", mode, "-c", String(clients), "-T", String(seconds)],
      unit: "tps",
    });
  }
}
const bigQuery = path.join(root, "bench/postgres/big.sql");
scenarios.push({
  name: `${bigRows.toLocaleString("en")}-row result`,
  args: ["-f", bigQuery, "-c", "1", "-t", "2"],
  unit: "MB/s",
});
scenarios.push({
  name: "reconnects, 8 clients",
  args: ["-S", "-C", "-c", "8", "-T", String(seconds)],
  unit: "tps",
});

const { postgres, direct } = await startDatabase();
const pgbouncer = await startPgBouncer(postgres);
const mayfly = await startMayfly(postgres);
const peers: readonly Peer[] = [direct, pgbouncer, mayfly];
const raw: { scenario: string; peer: string; round: number; run: Run }[] = [];

/** Resident memory of a process, bytes. */
function memoryOf(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(match?.[1]) * 1024;
}

/** Memory that one idle session costs, bytes: measured over many. */
async function idleSessions(peer: Peer & { pid: number }, count: number): Promise<number> {
  const clients: pg.Client[] = [];
  const open = async (howMany: number): Promise<void> => {
    for (let i = 0; i < howMany; i++) {
      const client = new pg.Client({
        host: "127.0.0.1",
        port: peer.port,
        user: peer.user,
        password: peer.password,
        database: peer.database,
      });
      client.on("error", () => undefined);
      await client.connect();
      clients.push(client);
    }
  };
  await open(50);
  const before = memoryOf(peer.pid);
  await open(count);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const after = memoryOf(peer.pid);
  await Promise.all(clients.map((client) => client.end()));
  return (after - before) / count;
}

try {
  // Before the load: afterwards a heap that has grown would hide what sessions cost.
  const idle =
    values.only === "" ? [await idleSessions(pgbouncer, 400), await idleSessions(mayfly, 400)] : [];
  const chosen = scenarios.filter(({ name }) => name.includes(values.only));
  for (const { name, args } of chosen) {
    for (let round = 0; round < rounds; round++) {
      for (const peer of peers)
        raw.push({ scenario: name, peer: peer.name, round, run: await pgbench(peer, args) });
    }
    console.error(`… ${name}`);
  }
  // The bytes that one large result takes on the wire, by the server's own count of its text form.
  const client = new pg.Client({ connectionString: postgres.url("bench") });
  await client.connect();
  const sizes = await client.query<{ bytes: string }>(
    "SELECT sum(length(id::text) + length(name) + length(at::text) + length(total::text) + 23) AS bytes FROM big",
  );
  await client.end();
  const megabytes = Number(sizes.rows[0]?.bytes) / 1e6;

  const of = (scenario: string, peer: string): number =>
    median(
      raw.filter((each) => each.scenario === scenario && each.peer === peer).map((each) => each.run.tps),
    );
  console.log(
    "| load | direct | PgBouncer | Mayfly | Mayfly / PgBouncer | Mayfly / direct | added over direct |",
  );
  console.log("| --- | --- | --- | --- | --- | --- | --- |");
  for (const { name, unit } of chosen) {
    const [d, b, m] = [of(name, "direct"), of(name, "PgBouncer"), of(name, "Mayfly")];
    const show = (tps: number): string =>
      unit === "tps" ? `${Math.round(tps).toLocaleString("en")} tps` : `${Math.round(tps * megabytes)} MB/s`;
    const added = name.endsWith("1 client") ? `${(1000 / m - 1000 / d).toFixed(3)} ms` : "";
    console.log(
      `| ${name} | ${show(d)} | ${show(b)} | ${show(m)} | ${(m / b).toFixed(2)} | ${(m / d).toFixed(2)} | ${added} |`,
    );
  }
  const [ofPgBouncer, ofMayfly] = idle;
  if (ofPgBouncer !== undefined && ofMayfly !== undefined) {
    const show = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;
    console.log(`| an idle session's memory | | ${show(ofPgBouncer)} | ${show(ofMayfly)} | | | |`);
  }
  mkdirSync(path.dirname(values.out), { recursive: true });
  writeFileSync(values.out, `${JSON.stringify({ seconds, rounds, idle, raw }, undefined, 1)}\n`);
} finally {
  await mayfly.stop();
  await pgbouncer.stop();
  await postgres.stop();
}
