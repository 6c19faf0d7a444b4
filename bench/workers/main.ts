// `npm run bench -- workers`: how the acts of one gateway grow with its workers, on one PostgreSQL store. Each worker has a part of
// a core and no more, so that the database and the client, which are on the same machine, always have cores left: what holds the
// acts back is the workers alone, as if each had a slow core of its own. pgbench sends short statements over TLS, each checked and
// recorded. Needs root, for control groups.
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { getAccess } from "@mayfly/testing/api.ts";
import { workerPid } from "@mayfly/testing/workers.ts";
import { startWorld } from "@mayfly/testing/world.ts";
import { type CpuShare, shareOf } from "../measure/cpu-share.ts";
import { type CpuTimes, treeTimes } from "../measure/process-times.ts";
import { tableHead, tableRow } from "@mayfly/testing/table.ts";
import { resultFile, resultOptions, sayWhere, writeResult } from "../measure/results.ts";
import { loadNow } from "../measure/rounds.ts";
import { median } from "../median.ts";
import { startPgbench } from "../postgres/pgbench.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "8" },
    clients: { type: "string", default: "32" },
    /** Of one core, for each worker, percent. */
    share: { type: "string", default: "30" },
    workers: { type: "string", default: "2" },
    ...resultOptions,
  },
});
const results = sayWhere(resultFile("workers", values));

/** One run through a gateway. */
interface Measured {
  readonly tps: number;
  /** CPU microseconds an act, of all of the gateway's processes together. */
  readonly cpu: number;
  /** The part that the busiest worker did of what all did. */
  readonly busiest: number;
  /** The part of the time in which a worker waited for its share, on average: near to none, something else was in the way. */
  readonly held: number;
}

/** Seconds before the workers get their shares, and milliseconds until what they had before is used up. */
const WARM_S = 3;
const SETTLE_MS = 500;

const us = ({ user, kernel }: CpuTimes): number => user + kernel;
const counts = Array.from({ length: Number(values.workers) }, (_, at) => at + 1);
const share = Number(values.share);

const world = await startWorld({
  store: "postgres",
  configure: (text) => `${text}\nlimits: { sessions_per_grant: 200, sessions_per_principal: 200 }\n`,
});
const script = path.join(world.folder, "act.sql");
await writeFile(script, "select id, status from orders where id = 1;\n");

async function measure(workers: number): Promise<Measured> {
  await world.gateway.stop();
  await world.restart("--workers", String(workers));
  const token = await world.agentToken();
  const access = await getAccess(world.gateway, token, "orders-db", ["read-orders"], "15m");
  const { postgresPort: port, pid } = world.gateway;
  const peer = {
    name: `${workers} workers`,
    port,
    user: access.grant,
    password: access.secret,
    database: "orders-db",
    processes: [],
  };
  const pids = Array.from({ length: workers }, (_, at) => workerPid(world, at + 1));
  const shares: CpuShare[] = [];
  const seconds = Number(values.seconds);
  const whole = String(WARM_S + seconds + 1);
  const args = ["-f", script, "-M", "extended", "-c", values.clients, "-j", "2", "-T", whole, "-P", "1"];
  const { done } = startPgbench(peer, args, true);
  try {
    // Compiled, connected to the store, and all clients in, before anything counts.
    await sleep(WARM_S * 1000);
    for (const [at, each] of pids.entries()) shares.push(shareOf(each, share, `worker-${at + 1}`));
    await sleep(SETTLE_MS);
    const before = { all: us(treeTimes(pid)), each: pids.map((one) => us(treeTimes(one))) };
    const began = performance.now();
    await sleep(seconds * 1000 - SETTLE_MS);
    const took = performance.now() - began;
    const all = us(treeTimes(pid)) - before.all;
    const each = pids.map((one, at) => us(treeTimes(one)) - (before.each[at] ?? 0));
    const throttled = shares.reduce((sum, one) => sum + one.throttled(), 0);
    const { each: tps = [] } = await done;
    // The first seconds with a share are over, and the last one is not whole.
    const counted = tps.slice(WARM_S + 2, WARM_S + seconds - 1);
    const mean = counted.reduce((sum, one) => sum + one, 0) / counted.length;
    return {
      tps: mean,
      cpu: all / (mean * (took / 1000)),
      busiest: Math.max(...each) / each.reduce((sum, one) => sum + one, 0),
      held: throttled / (took * 1000) / workers,
    };
  } finally {
    for (const one of shares) one.end();
    await done.catch(() => undefined);
  }
}

const raw = new Map<number, Measured[]>(counts.map((workers) => [workers, []]));
try {
  for (let round = 0; round < Number(values.rounds); round += 1)
    for (const workers of round % 2 === 0 ? counts : counts.toReversed())
      raw.get(workers)?.push(await measure(workers));
  const of = (workers: number, what: keyof Measured): number =>
    median((raw.get(workers) ?? []).map((run) => run[what]));
  console.log(
    tableHead([
      `workers, each with ${share} % of a core`,
      "acts/s",
      "of one worker's",
      "a worker, of one alone",
      "CPU µs an act",
      "busiest worker",
      "waits for its share",
    ]),
  );
  for (const workers of counts) {
    const times = of(workers, "tps") / of(1, "tps");
    console.log(
      tableRow([
        String(workers),
        of(workers, "tps").toFixed(0),
        `× ${times.toFixed(2)}`,
        (times / workers).toFixed(2),
        of(workers, "cpu").toFixed(0),
        `${(of(workers, "busiest") * 100).toFixed(0)} %`,
        `${(of(workers, "held") * 100).toFixed(0)} %`,
      ]),
    );
  }
  writeResult(results, `${JSON.stringify({ load: loadNow(), share, raw: Object.fromEntries(raw) })}\n`);
} finally {
  await world.stop();
}
