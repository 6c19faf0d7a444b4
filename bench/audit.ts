import { median } from "./median.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../packages/gateway/src/kernel/clock.ts";
import { openAuditLog } from "../packages/gateway/src/audit/open.ts";

// How many records a second one process writes: batches of 16 (8 acts with their outcomes), one flush each, with
// checkpoints, fdatasync and hashing going on behind. `node bench/audit.ts [RECORDS]`
const total = Number(process.argv[2] ?? 400_000);
const runs: number[] = [];
/** Microseconds of user and kernel time of the whole process, its threads included, an act (an intent and its outcome). */
const cpu: (readonly [user: number, kernel: number])[] = [];
for (let run = 0; run < 5; run++) {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-bench-audit-"));
  const { log } = await openAuditLog({
    folder,
    name: "bench",
    clock: systemClock,
    sync: "batched",
    checkpointEvery: 200,
  });
  const opening = log.append({
    type: "session.opened",
    detail: {},
    principal: {
      kind: "agent",
      issuer: "https://example.okta.com/oauth2/aus4x2kq",
      subject: "0oa1b2c3d4",
      name: "support-bot",
    },
    request: "req_0123456789abcdef",
    grant: "gr_0123456789abcdef",
    session: "ses_0123456789abcdef",
    connection: "orders-db",
    operations: ["read-orders"],
    policy: "support agents read orders",
    configuration: `sha256:${"a".repeat(64)}`,
  });
  log.flush();
  const writer = log.writer(opening);
  const full = writer.append(
    "act.intent",
    `{"act":{"kind":"execute","parameters":["0"],"sql":"SELECT abalance FROM pgbench_accounts WHERE aid = $1","statement":"P0_1"}}`,
  );
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  for (let done = 0; done < total; done += 16) {
    for (let act = 0; act < 8; act++) {
      const intent = writer.append(
        "act.intent",
        `{"act":{"parameters":["${done + act}"]},"repeats":${full}}`,
      );
      writer.append("act.outcome", `{"intent":${intent},"ms":1,"rows":1,"tag":"SELECT 1"}`);
    }
    log.flush();
    // A turn of the event loop now and then, so that syncs and checkpoints run as they would.
    if (done % 1024 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  runs.push(total / ((performance.now() - started) / 1000));
  const { user, system } = process.cpuUsage(cpuBefore);
  cpu.push([(user * 2) / total, (system * 2) / total]);
  await log.close();
  rmSync(folder, { recursive: true });
}
console.log(`records/s, runs:   ${runs.map(Math.round).join(" ")}`);
console.log(
  `CPU µs an act (user + kernel), runs: ${cpu.map(([u, k]) => `${u.toFixed(2)} + ${k.toFixed(2)}`).join(", ")}`,
);
console.log(`records/s, median: ${Math.round(median(runs))}`);
