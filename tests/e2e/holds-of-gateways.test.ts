// tier: full
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openAuditLog } from "../../packages/gateway/src/audit/open.ts";
import { systemClock } from "../../packages/gateway/src/kernel/clock.ts";
import { call } from "@mayfly/testing/api.ts";
import { root, type GatewayProcess } from "@mayfly/testing/gateway.ts";
import { namedFirst, secondGateway } from "@mayfly/testing/second-gateway.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";

// Two gateways on one PostgreSQL store: a hold that is placed at one keeps what is in the log of the other.

const run = promisify(execFile);
const HOUR = 3_600_000;
const HOURS = 30;
let world: World;
let second: GatewayProcess;

beforeAll(async () => {
  world = await startWorld({
    store: "postgres",
    configure: (text) =>
      namedFirst(
        text.replace(
          "audit: { checkpoint_every: 2s }",
          "audit: { checkpoint_every: 2s, retention: { keep: 12h, archive: { folder: archive } } }",
        ),
      ),
  });
  second = await (await secondGateway(world))();
});
afterAll(async () => {
  await second?.stop("SIGKILL");
  await world?.stop();
});

/** The operator's command on the machine of the second gateway. */
async function atSecond(...args: readonly string[]): Promise<string> {
  const bin = path.join(root, "packages/gateway/bin/mayflyd.js");
  const config = path.join(world.folder, "second/mayfly.yaml");
  const env = { ...process.env, ...world.environment };
  return (await run(process.execPath, [bin, "retention", ...args, "-c", config], { env })).stdout;
}

const requestOf = (hour: number): string => `req_${String(hour).padStart(16, "0")}`;

/** Acts of two agents by hours, in small files, in the first gateway's log while it is stopped. */
async function writeOldActs(): Promise<void> {
  let past = -48 * HOUR;
  const opened = await openAuditLog({
    folder: path.join(world.folder, "data/audit"),
    name: "first",
    clock: { ...systemClock, wall: () => Date.now() + past },
    sync: "batched",
    checkpointEvery: 60_000,
    segmentBytes: 30_000,
  });
  const { log } = opened;
  for (let hour = 0; hour < HOURS; hour += 1) {
    const name = hour === 3 ? "held-bot" : "old-bot";
    const opening = log.append({
      principal: { kind: "agent", issuer: world.okta.issuer, subject: `0oa${name}`, name },
      request: requestOf(hour),
      session: `ses_${String(hour).padStart(16, "0")}`,
      connection: "orders-db",
      operations: ["read-orders"],
      type: "session.opened",
      detail: { address: "10.2.0.7" },
    });
    log.flush();
    const acts = log.writer(opening);
    for (let at = 0; at < 100; at += 1)
      acts.append("act.intent", `{"act":{"kind":"query","sql":"select ${hour}${at} from orders"}}`);
    log.flush();
    past += HOUR;
    await log.sync();
    await opened.checkpointNow();
  }
  await log.close();
}

/** How many acts of an hour's request the logs still have; undefined: the index does not know all of them yet. */
async function actsOf(hour: number): Promise<number | undefined> {
  const token = await world.personToken("olga@example.com");
  const at = `/v1/audit/records?log=first&type=act.intent&limit=1000&request=${requestOf(hour)}`;
  const { status, body } = await call(world.gateway, token, "GET", at);
  expect(status).toBe(200);
  const { records, partial } = body as { readonly records: readonly unknown[]; readonly partial?: unknown };
  return partial === undefined ? records.length : undefined;
}

test("what is old goes, but for what a hold at another gateway keeps, until it is lifted there", async () => {
  await world.gateway.stop();
  await writeOldActs();
  const placed = await atSecond("hold", "--principal", "held-bot", "--reason", "INC-12");
  expect(placed).toMatch(/^hold_[0-9a-z]{16}: principal held-bot\nrecorded\n$/);
  await world.restart();
  await expect.poll(() => actsOf(10), { timeout: 90_000, interval: 500 }).toBe(0);
  await expect.poll(() => actsOf(3)).toBe(100);

  const [hold = ""] = /hold_[0-9a-z]{16}/.exec(placed) ?? [];
  expect(await atSecond("lift", hold, "--reason", "INC-12 is closed")).toBe("recorded\n");
  // Retention looks at a start, and once a minute then.
  await world.gateway.stop();
  await world.restart();
  await expect.poll(() => actsOf(3), { timeout: 120_000, interval: 500 }).toBe(0);
}, 300_000);
