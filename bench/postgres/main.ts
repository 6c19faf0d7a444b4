// `npm run bench`: the same loads on the same database direct, through PgBouncer, through a relay in Node that only copies
// bytes, and through Mayfly, in one run. Rounds are interleaved, so that whatever else the machine does falls on all of them;
// medians and ratios are printed, and the raw runs are kept in a file.
import { parseArgs } from "node:util";
import pg from "pg";
import { tableHead, tableRow } from "@mayfly/testing/table.ts";
import { resultFile, resultOptions, sayWhere } from "../measure/results.ts";
import { cpuCell, interleaved, keep, loadNow, medianOf, ratioOf, type Row } from "../measure/rounds.ts";
import { affordableSessions, availableMemory, idleSessionBytes } from "./idle.ts";
import { createMeasure } from "./measure.ts";
import { startMayfly } from "./mayfly.ts";
import { startBareRelay, startDatabase, startPgBouncer, type Database, type Peer } from "./peers.ts";
import type { Run } from "./pgbench.ts";
import { chosen, scenarios, type Scenario } from "./scenarios.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "2" },
    rounds: { type: "string", default: "7" },
    /** Names of loads or parts of them, with semicolons between. */
    only: { type: "string", default: "" },
    /** Idle sessions; none for 0. */
    idle: { type: "string", default: "5000" },
    /** The mayflyd.js of another checkout, measured instead of this one's. */
    gateway: { type: "string" },
    /** The mayflyd.js of another checkout, measured beside this one's in the same rounds. */
    against: { type: "string" },
    ...resultOptions,
  },
});
const results = sayWhere(resultFile("postgres", values));
const [seconds, rounds, wanted] = [values.seconds, values.rounds, values.idle].map(Number) as [
  number,
  number,
  number,
];
const loads = chosen(scenarios, values.only);
const sessions = affordableSessions(wanted, availableMemory());
/** Connections that stay beside those of a load: a pool's, and those of ends that are under way. */
const SPARE = 300;

const undo: (() => unknown)[] = [];
const stop = async (): Promise<void> => {
  for (const step of undo.splice(0).toReversed()) await step();
};
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void stop().finally(() => process.exit(1)));

/** Megabytes of the large result on the wire, by the server's own count of its text form. */
async function bigMegabytes({ postgres }: Database): Promise<number> {
  const client = new pg.Client({
    connectionString: postgres.url("bench"),
    ssl: { rejectUnauthorized: false },
  });
  await client.connect();
  try {
    const { rows } = await client.query<{ bytes: string }>(
      "SELECT sum(length(id::text) + length(name) + length(at::text) + length(total::text) + 23) AS bytes FROM big",
    );
    return Number(rows[0]?.bytes) / 1e6;
  } finally {
    await client.end();
  }
}

/** What idle sessions cost each, bytes. Before any load: afterwards a heap that has grown would hide it. */
async function idle(database: Database, mayfly: Peer): Promise<Readonly<Record<string, number>>> {
  if (sessions === 0) return {};
  console.error(
    sessions === wanted
      ? `… ${sessions} idle sessions`
      : `… ${sessions} idle sessions: the memory of this machine does not hold ${wanted}`,
  );
  const Mayfly = await idleSessionBytes(mayfly, sessions);
  // One of its own, whose pool of as many connections ends with it.
  const pgbouncer = await startPgBouncer(database, sessions + SPARE);
  try {
    return { Mayfly, PgBouncer: await idleSessionBytes(pgbouncer, sessions) };
  } finally {
    await pgbouncer.stop();
  }
}

try {
  const database = await startDatabase(2 * sessions + SPARE);
  undo.push(() => database.stop());
  const pgbouncer = await startPgBouncer(database, SPARE);
  undo.push(() => pgbouncer.stop());
  const bare = await startBareRelay(database);
  undo.push(() => bare.stop());
  const mayfly = await startMayfly({ database: database.postgres.port, bin: values.gateway });
  undo.push(() => mayfly.close());
  const peers: Peer[] = [database.direct, pgbouncer, bare];
  if (values.against !== undefined) {
    const other = await startMayfly({
      database: database.postgres.port,
      name: "Mayfly before",
      bin: values.against,
    });
    undo.push(() => other.close());
    peers.push(other);
  }
  peers.push(mayfly);

  const idleBytes = await idle(database, mayfly);
  const megabytes = await bigMegabytes(database);
  const rows: Row<Run>[] = [];
  const measure = createMeasure(database, seconds, megabytes);
  for (const load of loads) {
    const { name } = load;
    for (const { round, peer } of interleaved(rounds + 1, peers)) {
      const { run, cpu } = await measure(load, peer);
      // The first round only warms up.
      if (round > 0) rows.push({ scenario: name, peer: peer.name, round, load: loadNow(), run, cpu });
      const own = Object.entries(cpu).map(
        ([who, { user, kernel }]) => `${who} ${(user + kernel).toFixed(1)}`,
      );
      console.error(
        `${name}, round ${round}, ${peer.name}: ${Math.round(run.tps)} tps, CPU ${own.join(", ")} µs, load ${loadNow()}`,
      );
    }
    keep(results, { seconds, rounds, idle: { sessions, bytes: idleBytes }, megabytes }, rows);
  }
  print(rows, peers, megabytes, idleBytes);
} finally {
  await stop();
}

function print(
  rows: readonly Row<Run>[],
  peers: readonly Peer[],
  megabytes: number,
  idleBytes: Readonly<Record<string, number>>,
): void {
  const tps = ({ run }: Row<Run>): number => run.tps;
  const names = peers.map(({ name }) => name);
  const before = names.includes("Mayfly before") ? ["of before"] : [];
  const speed = ({ unit }: Scenario, value: number): string =>
    unit === "tps" ? Math.round(value).toLocaleString("en") : `${Math.round(value * megabytes)} MB/s`;
  console.log(
    tableHead([
      "tps",
      ...names,
      "of PgBouncer",
      "of the bare relay",
      "of direct",
      ...before,
      "added a query",
    ]),
  );
  for (const load of loads) {
    const ratio = (to: string): string => ratioOf(rows, load.name, { of: "Mayfly", to }, tps).toFixed(2);
    const added =
      medianOf(rows, load.name, "Mayfly", (row) => 1000 / tps(row)) -
      medianOf(rows, load.name, "direct", (row) => 1000 / tps(row));
    console.log(
      tableRow([
        load.name,
        ...names.map((name) => speed(load, medianOf(rows, load.name, name, tps))),
        ...["PgBouncer", "bare relay", "direct"].map(ratio),
        ...before.map(() => ratio("Mayfly before")),
        load.clients === 1 && load.unit === "tps" ? `${added.toFixed(3)} ms` : "",
      ]),
    );
  }
  const between = names.filter((name) => name !== "direct");
  console.log(
    `\n${tableHead(["CPU, µs a transaction (of it the kernel's)", "PostgreSQL, direct", ...between, "PostgreSQL behind Mayfly", "pgbench"])}`,
  );
  for (const { name, unit } of loads)
    console.log(
      tableRow([
        unit === "tps" ? name : `${name}, µs a megabyte`,
        cpuCell(rows, name, "direct", "server"),
        ...between.map((peer) => cpuCell(rows, name, peer, "peer")),
        cpuCell(rows, name, "Mayfly", "server"),
        cpuCell(rows, name, "Mayfly", "client"),
      ]),
    );
  console.log(
    `\nload of the machine: ${Math.min(...rows.map(({ load }) => load))} to ${Math.max(...rows.map(({ load }) => load))}`,
  );
  for (const [name, bytes] of Object.entries(idleBytes))
    console.log(`an idle session of ${name}, one of ${sessions}: ${(bytes / 1024).toFixed(1)} KiB`);
}
