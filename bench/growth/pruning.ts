// Files of records in a log. They are small here: what they cost by their number, whatever is in them. At the gateway's 8 MiB
// a file, 1,250 of them are 10 GB and 12,500 are 100 GB.
import { statSync } from "node:fs";
import { join } from "node:path";
import { segmentsOf } from "@mayfly/audit-verifier";
import { createAuditReader } from "../../packages/gateway/src/audit/index/reader.ts";
import { openAuditLog } from "../../packages/gateway/src/audit/open.ts";
import type { OpenedAuditLog } from "../../packages/gateway/src/audit/opened.ts";
import type { RetentionRules } from "../../packages/gateway/src/audit/retention/plan.ts";
import { startRetention, type Retention } from "../../packages/gateway/src/audit/retention/retention.ts";
import { grantModel } from "../../packages/gateway/src/grants/states.ts";
import { systemClock, type Clock } from "../../packages/gateway/src/kernel/clock.ts";
import { openStore } from "../../packages/gateway/src/storage/store.ts";
import { cpuClock, cpuOf, withFolder } from "./measure.ts";
import { ms, printRows, rowsAt } from "./table.ts";
import { writeLog } from "./write-log.ts";

const FILE_BYTES = 8192;
const DROPPED = 10;

const rows = await rowsAt([100, 1250, 12_500], (size) =>
  withFolder(async (root) => {
    const folder = join(root, "audit");
    await writeLog(folder, size * FILE_BYTES, FILE_BYTES);
    const begun = cpuClock();
    const opened = await openAuditLog({
      folder,
      name: "bench",
      clock: systemClock,
      sync: "batched",
      checkpointEvery: 60_000,
      segmentBytes: FILE_BYTES,
    });
    const start = begun();
    await opened.verified;
    const store = await openStore({ kind: "sqlite", file: join(root, "mayfly.db") }, grantModel);
    const reader = createAuditReader({ opened, index: store.index(opened.id), clock: systemClock });
    const middle = Math.floor(opened.written() / 2);
    const read = await cpuOf({ run: (at) => reader.read(middle + (at % 1000), 1) });
    await reader.close();
    const rules = { size: bytesOf(folder) - FILE_BYTES };
    const retention = retain(opened, join(root, "archive"), rules);
    const alive = setInterval(() => undefined, 1000);
    // The first starts the worker, which looks through every file, once.
    await retention.run();
    rules.size = bytesOf(folder) - DROPPED * FILE_BYTES;
    const dropping = cpuClock("process");
    const count = await retention.run();
    const dropped = dropping() / count;
    clearInterval(alive);
    await retention.close();
    await opened.log.close();
    await store.close();
    return {
      "a start, this thread's part": ms(start),
      "one record read by its number": ms(read),
      "one file archived and dropped": ms(dropped),
    };
  }),
);
printRows("files of the log", rows);
process.exit();

function bytesOf(folder: string): number {
  return segmentsOf(folder).reduce((sum, { file }) => sum + statSync(join(folder, file)).size, 0);
}

function retain(opened: OpenedAuditLog, archive: string, rules: RetentionRules): Retention {
  // Nobody else needs the machine between two files.
  const clock: Clock = {
    ...systemClock,
    schedule: (wait, run) => systemClock.schedule(wait < 1000 ? 0 : wait, run),
  };
  return startRetention({
    opened,
    rules,
    archive,
    unread: () => Promise.resolve(Number.POSITIVE_INFINITY),
    forget: () => Promise.resolve(),
    onDropped: () => undefined,
    recordHolds: () => Promise.resolve(),
    holdsRecorded: () => 0,
    onDone: () => Promise.resolve(),
    clock,
    onProblem: console.error,
  });
}
