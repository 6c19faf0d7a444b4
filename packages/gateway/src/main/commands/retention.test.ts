import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openAuditLog } from "../../audit/open.ts";
import type { OpenedAuditLog } from "../../audit/opened.ts";
import { holdsInForce } from "../../audit/retention/holds.ts";
import { factsKeeper, holdLines } from "../../audit/retention/known-facts.ts";
import { systemClock } from "../../kernel/clock.ts";
import { holdsFolder, watchHolds, type HoldSpool } from "../retention/hold-spool.ts";
import { liftHold, placeHold, retentionDryRun } from "./retention.ts";

let folder: string;
let config: string;
let said: string[];
const opened: { readonly audit: OpenedAuditLog; readonly spool: HoldSpool }[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-holds-"));
  config = join(folder, "mayfly.yaml");
  writeFileSync(
    config,
    "url: https://gw.example/\nidentity: { agents: { issuer: https://okta.example/oauth2/a, audience: api }, people: { oidc: { issuer: https://okta.example, client_id: 0oa9, client_secret: { env: ABSENT } } } }\n",
  );
  said = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void said.push(line));
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const { audit, spool } of opened.splice(0)) {
    spool.close();
    await audit.log.close();
  }
  rmSync(folder, { recursive: true });
});

const auditFolder = (worker: number): string => join(folder, "data/audit", `worker-${worker}`);

/** The log of a worker, and what records its orders. */
async function startWorker(worker: number): Promise<void> {
  const audit = await openAuditLog({
    folder: auditFolder(worker),
    name: `gw.example-${worker}`,
    clock: systemClock,
    sync: "batched",
    checkpointEvery: 60_000,
  });
  const spool = watchHolds({
    folder: holdsFolder(join(folder, "data", `worker-${worker}`)),
    log: audit.log,
    clock: systemClock,
    onProblem: (message) => said.push(message),
  });
  opened.push({ audit, spool });
}

const inForce = (worker: number): readonly string[] =>
  holdsInForce(holdLines(factsKeeper(auditFolder(worker), false).look())).map(({ id }) => id);

test("a hold is placed in the log of every worker, and lifted in each that has it", async () => {
  await startWorker(1);
  await startWorker(2);
  await placeHold({ config, principal: "held-bot", reason: "INC-12" });
  const [hold = ""] = said[0]?.split(":") ?? [];
  expect(said.slice(1)).toEqual(["gw.example-1: recorded", "gw.example-2: recorded"]);
  expect([inForce(1), inForce(2)]).toEqual([[hold], [hold]]);

  said = [];
  await retentionDryRun({ config, dryRun: true });
  expect(said.filter((line) => line === `hold ${hold}: principal held-bot`)).toHaveLength(2);

  said = [];
  await liftHold({ config, worker: 1, hold, reason: "INC-12 is closed" });
  expect(said).toEqual(["recorded"]);
  expect([inForce(1), inForce(2)]).toEqual([[], [hold]]);
  await liftHold({ config, hold, reason: "INC-12 is closed" });
  expect(inForce(2)).toEqual([]);
  await expect(liftHold({ config, hold, reason: "again" })).rejects.toMatchObject({ code: "no_hold" });
});

test("where no log is, a hold is refused rather than left where nobody looks", async () => {
  const hold = { config, principal: "held-bot", reason: "INC-12" };
  await expect(placeHold(hold)).rejects.toMatchObject({ code: "no_log" });
  await startWorker(1);
  await expect(placeHold({ ...hold, worker: 2 })).rejects.toMatchObject({ code: "no_log" });
});

test("a hold that no log here has is lifted only where gateways can share the store, and by its id alone", async () => {
  await startWorker(1);
  const hold = `hold_${"0".repeat(16)}`;
  const lift = { config, hold, reason: "the gateway that placed it is gone" };
  await expect(liftHold(lift)).rejects.toMatchObject({ code: "no_hold" });
  const text = readFileSync(config, "utf8");
  writeFileSync(config, `${text}store: { postgres: { env: ABSENT } }\n`);
  said = [];
  await liftHold(lift);
  expect(said).toEqual(["recorded", expect.stringContaining("no log here holds it")]);
  await expect(liftHold({ ...lift, hold: "../hold" })).rejects.toMatchObject({ code: "no_hold" });
});
