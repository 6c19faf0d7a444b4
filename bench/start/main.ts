// `npm run bench -- start [RECORDS …]`: what a start costs on a log of so many records: until the log takes records and
// the index searches, until all of it is verified in the background, and the most memory that the process ever held.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openAuditLog } from "../../packages/gateway/src/audit/open.ts";
import { systemClock } from "../../packages/gateway/src/kernel/clock.ts";
import { median } from "../median.ts";
import type { Start } from "./child.ts";
import { sessionOpened } from "../session-record.ts";

const RUNS = 3;
/** Records that one session writes; a gateway has many of them. */
const ACTS_OF_SESSION = 1000;
const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [100_000, 1_000_000];

for (const records of sizes) {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-bench-start-"));
  try {
    await write(folder, records);
    // The first builds the index.
    const built = startOnce(folder);
    const starts = Array.from({ length: RUNS }, () => startOnce(folder));
    const of = (read: (start: Start) => number): string => median(starts.map(read)).toFixed(0);
    console.log(
      `${records} records: opens in ${of(({ opened }) => opened)} ms, searches after ${of(({ searched }) => searched)} ms ` +
        `(with the index to be built: ${built.searched.toFixed(0)} ms), verified after ${of(({ verified }) => verified)} ms; ` +
        `at most ${of(({ openedMib }) => openedMib)} MiB when open, ${of(({ mib }) => mib)} MiB with the verification (index to be built: ${built.mib.toFixed(0)} MiB)`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** In a process of its own: memory is counted from its start. */
function startOnce(folder: string): Start {
  const file = fileURLToPath(new URL("child.ts", import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, [file, folder], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Start;
}

async function write(folder: string, records: number): Promise<void> {
  const opened = await openAuditLog({
    folder: join(folder, "audit"),
    name: "bench",
    clock: systemClock,
    sync: "batched",
    checkpointEvery: 60_000,
  });
  const { log } = opened;
  for (let written = 0; written < records; written += 2 * ACTS_OF_SESSION) {
    const session = log.append(sessionOpened(written));
    log.flush();
    const writer = log.writer(session);
    for (let act = 0; act < ACTS_OF_SESSION; act += 1) {
      const intent = writer.append(
        "act.intent",
        `{"act":{"kind":"query","sql":"select status from orders where id = ${act}"}}`,
      );
      writer.append("act.outcome", `{"bytes":56,"intent":${intent},"rows":1,"tag":"SELECT 1"}`);
    }
    log.flush();
    await log.sync();
  }
  await log.close();
}
