// What one log costs a gateway, as JSON. `node bench/growth/log-child.ts FOLDER`
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createAuditReader } from "../../packages/gateway/src/audit/index/reader.ts";
import { openAuditLog } from "../../packages/gateway/src/audit/open.ts";
import { grantModel } from "../../packages/gateway/src/grants/states.ts";
import { systemClock } from "../../packages/gateway/src/kernel/clock.ts";
import { openStore } from "../../packages/gateway/src/storage/store.ts";
import { verifyLog } from "@mayfly/audit-verifier";
import { cpuClock, cpuOf } from "./measure.ts";
import { ms, type Figure } from "./table.ts";
import { RARE_WORD } from "./write-log.ts";

const [root = ""] = process.argv.slice(2);
const folder = join(root, "audit");
const store = await openStore({ kind: "sqlite", file: join(root, "mayfly.db") }, grantModel);
const began = cpuClock("process");
const opened = await openAuditLog({
  folder,
  name: "bench",
  clock: systemClock,
  sync: "batched",
  checkpointEvery: 60_000,
});
const start = began();
await opened.verified;
const reader = createAuditReader({ opened, index: store.index(opened.id), clock: systemClock });
const alive = setInterval(() => undefined, 1000);
const indexing = cpuClock("process");
await reader.rebuild();
const indexed = indexing();
const newest = await cpuOf({ run: () => reader.search({ limit: 100 }) });
const session = await cpuOf({ run: () => reader.search({ session: "ses_0", limit: 100 }) });
const looking = cpuClock("process");
const found = await reader.search({ text: RARE_WORD, limit: 100 });
const rare = looking();
if (found.records.length !== 1) throw new Error("the word was not found");
const oldest = await cpuOf({ run: () => reader.read(1000, 100) });
// Its leaves are hashed once, in a thread of its own.
for (;;) {
  try {
    await reader.proofs(undefined, 50);
    break;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
const proofs = await cpuOf({ run: () => reader.proofs(undefined, 50) });
clearInterval(alive);
const verifying = cpuClock();
const report = verifyLog(folder, [readFileSync(join(folder, "log.vkey"), "utf8").trim()]);
const verified = verifying();
if (report.problemCount > 0) throw new Error("the log does not verify");
const figures: Readonly<Record<string, Figure>> = {
  "a start, until it takes records": ms(start),
  "the newest 100 records found": ms(newest),
  "100 records of the first session found": ms(session),
  "a word of one act found, the first": ms(rare),
  "100 of the first records read": ms(oldest),
  "the newest 50 records proved": ms(proofs),
  "all of it indexed anew": ms(indexed),
  "all of it verified": ms(verified),
};
await reader.close();
await opened.log.close();
await store.close();
console.log(JSON.stringify(figures));
process.exit();
