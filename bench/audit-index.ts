import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { openAuditLog } from "../packages/gateway/src/audit/open.ts";
import { createAuditReader } from "../packages/gateway/src/audit/index/reader.ts";
import { systemClock } from "../packages/gateway/src/kernel/clock.ts";
import { grantModel } from "../packages/gateway/src/grants/states.ts";
import { openStore } from "../packages/gateway/src/storage/store.ts";
import { median } from "./median.ts";
import { sessionOpened } from "./session-record.ts";

// What a record costs to index in SQLite, and for how long that holds the loop that serves clients.
// `node bench/audit-index.ts [RECORDS]`: a log of that many records of acts, from many sessions, is indexed from its
// beginning as fast as the indexer goes: somebody waits for a search.

const RUNS = 5;
const SESSIONS = 50;
const total = Number(process.argv[2] ?? 40_000);

/** CPU of the whole process, its threads included, microseconds a record. */
const cpu: number[] = [];
/** Of the thread that serves clients, microseconds a record. */
const loop: number[] = [];
/** Longest time that the loop was held, milliseconds. */
const held: number[] = [];
for (let run = 0; run < RUNS; run++) {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-bench-index-"));
  const opened = await openAuditLog({
    folder: join(folder, "audit"),
    name: "bench",
    clock: systemClock,
    sync: "batched",
    checkpointEvery: 60_000,
  });
  const { log } = opened;
  for (let session = 0; session < SESSIONS; session++) {
    const { detail, ...context } = sessionOpened(`0123456789ab${session}`);
    const opening = log.append({
      ...context,
      detail: { ...detail, protocol: "http" },
      connection: "orders-api",
    });
    log.flush();
    const writer = log.writer(opening);
    for (let act = 0; act < total / SESSIONS / 2; act++) {
      const intent = writer.append(
        "act.intent",
        `{"act":{"kind":"request","method":"GET","path":"/orders/${act}","query":"full=true"}}`,
      );
      writer.append("act.outcome", `{"bytes":512,"intent":${intent},"ms":1,"status":200}`);
      if (act % 16 === 0) log.flush();
    }
    log.flush();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await log.sync();
  const store = await openStore({ kind: "sqlite", file: join(folder, "store.db") }, grantModel);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const cpuBefore = process.cpuUsage();
  const threadBefore = process.threadCpuUsage();
  delay.enable();
  const reader = createAuditReader({
    opened,
    index: store.index(opened.id),
    clock: systemClock,
    onProblem: console.error,
  });
  // The indexer's timers keep no process alive.
  const alive = setInterval(() => {}, 1000);
  await reader.rebuild();
  clearInterval(alive);
  delay.disable();
  const thread = process.threadCpuUsage(threadBefore);
  const { user, system } = process.cpuUsage(cpuBefore);
  cpu.push((user + system) / opened.written());
  loop.push((thread.user + thread.system) / opened.written());
  held.push(delay.max / 1e6);
  await reader.close();
  await store.close();
  await log.close();
  rmSync(folder, { recursive: true });
}
const shown = (name: string, values: readonly number[], unit: string): void =>
  console.log(
    `${name}: ${median(values).toFixed(1)} ${unit} (${values.map((v) => v.toFixed(1)).join(", ")})`,
  );
shown("CPU a record", cpu, "µs");
shown("CPU a record, the serving thread", loop, "µs");
shown("loop held at the longest", held, "ms");
