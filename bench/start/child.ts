import { join } from "node:path";
import { createAuditReader } from "../../packages/gateway/src/audit/index/reader.ts";
import { openAuditLog } from "../../packages/gateway/src/audit/open.ts";
import { grantModel } from "../../packages/gateway/src/grants/states.ts";
import { systemClock } from "../../packages/gateway/src/kernel/clock.ts";
import { openStore } from "../../packages/gateway/src/storage/store.ts";

/** One start: milliseconds from when the log began to open, and the most memory held until then. */
export interface Start {
  readonly opened: number;
  readonly searched: number;
  readonly verified: number;
  readonly openedMib: number;
  readonly mib: number;
}

const [folder = ""] = process.argv.slice(2);
const mib = (): number => process.resourceUsage().maxRSS / 1024;
const store = await openStore({ kind: "sqlite", file: join(folder, "mayfly.db") }, grantModel);
const began = performance.now();
const passed = (): number => performance.now() - began;
const opened = await openAuditLog({
  folder: join(folder, "audit"),
  name: "bench",
  clock: systemClock,
  sync: "batched",
  checkpointEvery: 60_000,
});
const openedAfter = passed();
const openedMib = mib();
const reader = createAuditReader({ opened, index: store.index(opened.id), clock: systemClock });
await reader.search({ limit: 1 });
const searched = passed();
const report = await opened.verified;
if (report?.verdict !== "whole") throw new Error("the log does not verify");
const verified = passed();
const start: Start = { opened: openedAfter, searched, verified, openedMib, mib: mib() };
console.log(JSON.stringify(start));
await reader.close();
await opened.log.close();
await store.close();
