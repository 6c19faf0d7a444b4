// tier: full
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openAuditLog } from "../../packages/gateway/src/audit/open.ts";
import { systemClock } from "../../packages/gateway/src/kernel/clock.ts";
import { call, getAccess } from "@mayfly/testing/api.ts";
import { root } from "@mayfly/testing/gateway.ts";
import { psql, startWorld, type World } from "@mayfly/testing/world.ts";

// Retention through the daemon and its commands: what would go, a hold, what went, what the search says, and that all of it
// verifies with the auditor's command.

const run = promisify(execFile);
const HOUR = 3_600_000;
let world: World;
const audit = (): string => path.join(world.folder, "data/audit");
const archive = (): string => path.join(world.folder, "archive");

const mayflyd = async (...args: readonly string[]): Promise<string> => {
  const bin = path.join(root, "packages/gateway/bin/mayflyd.js");
  const env = { ...process.env, ...world.environment };
  return (await run(process.execPath, [bin, ...args, "-c", world.file], { env })).stdout;
};
const verifyBy = async (key: string, folder: string, ...more: readonly string[]): Promise<string> => {
  const bin = path.join(root, "packages/cli/bin/mayfly.js");
  const args = [bin, "audit", "verify", folder, "--key", key, ...more];
  const { stdout, stderr } = await run(process.execPath, args);
  return stderr + stdout;
};
const verify = (folder: string, ...more: readonly string[]): Promise<string> =>
  verifyBy(path.join(audit(), "log.vkey"), folder, ...more);
const operator = async (at: string): Promise<{ status: number; body: unknown }> =>
  call(world.gateway, await world.personToken("olga@example.com"), "GET", at);

beforeAll(async () => {
  world = await startWorld({
    store: "sqlite",
    configure: (text) =>
      text.replace(
        "audit: { checkpoint_every: 2s }",
        "audit: { checkpoint_every: 2s, retention: { keep: 12h, archive: { folder: archive } } }",
      ),
  });
});
afterAll(() => world.stop());

/** Two days of somebody's acts, in small files, in the log of a gateway that is stopped. */
async function writeOldActs(): Promise<void> {
  let past = -48 * HOUR;
  const opened = await openAuditLog({
    folder: audit(),
    name: "localhost",
    clock: { ...systemClock, wall: () => Date.now() + past },
    sync: "batched",
    checkpointEvery: 60_000,
    segmentBytes: 60_000,
  });
  const { log } = opened;
  for (let hour = 0; hour < 48; hour += 1) {
    const name = hour === 3 ? "held-bot" : "old-bot";
    const context = {
      principal: { kind: "agent", issuer: world.okta.issuer, subject: `0oa${name}`, name },
      request: `req_${String(hour).padStart(16, "0")}`,
      session: `ses_${String(hour).padStart(16, "0")}`,
      connection: "orders-db",
      operations: ["read-orders"],
    } as const;
    const opening = log.append({ ...context, type: "session.opened", detail: { address: "10.2.0.7" } });
    log.flush();
    const acts = log.writer(opening);
    for (let at = 0; at < 40; at += 1) {
      const intent = acts.append(
        "act.intent",
        `{"act":{"kind":"query","sql":"select ${hour}${at} from orders"}}`,
      );
      acts.append("act.outcome", `{"bytes":56,"intent":${intent},"rows":1,"tag":"SELECT 1"}`);
    }
    log.append({ ...context, type: "session.closed", detail: { acts: 40, denied: 0 } });
    log.flush();
    past += HOUR;
    await log.sync();
    await opened.checkpointNow();
  }
  await log.close();
}

test("what is old goes to the archive while the gateway serves, but for what is held", async () => {
  await world.gateway.stop();
  await writeOldActs();
  const shown = await mayflyd("retention", "--dry-run");
  expect(shown).toMatch(/^log localhost: \d+ records in \d+ files, [\d.]+ KiB, from \S+ to \S+$/m);
  expect(shown).toMatch(/^would go \(older than 12h\): records \d+ to \d+, [\d.]+ KiB, from \S+ to \S+$/m);
  expect(shown).not.toContain("would stay");
  const before = readdirSync(path.join(audit(), "records")).length;

  const placed = await mayflyd("retention", "hold", "--principal", "held-bot", "--reason", "INC-12");
  expect(placed).toMatch(/^hold_[0-9a-z]{16}: principal held-bot\nnot recorded yet: mayflyd does not run/);
  await world.restart();
  const access = await getAccess(world.gateway, await world.agentToken(), "orders-db", ["read-orders"]);
  const reads = await psql(world, access.env, ["-c", "select count(*) from orders"]);
  expect(reads.stderr).toBe("");
  await vi.waitFor(() => expect(readdirSync(path.join(audit(), "records")).length).toBeLessThan(before - 2), {
    timeout: 90_000,
    interval: 250,
  });
  await vi.waitFor(async () => expect(await mayflyd("retention", "--dry-run")).not.toContain("would go"), {
    timeout: 60_000,
    interval: 1000,
  });
  const after = await mayflyd("retention", "--dry-run");
  expect(after).toMatch(/^archived and dropped so far: \d+ records, \d+ files, /m);
  expect(after).toMatch(/^would stay \(held by hold_[0-9a-z]{16}\): records/m);
  const [hold = ""] = /hold_[0-9a-z]{16}/.exec(placed) ?? [];
  expect(after).toContain(`hold ${hold}: principal held-bot`);
  expect(existsSync(path.join(world.folder, "data/holds"))).toBe(true);
  expect(readdirSync(path.join(world.folder, "data/holds"))).toEqual([]);

  // The search finds what stays, the newest and what is held, and says what it does not search.
  const held = async (): Promise<{ readonly records: readonly unknown[] }> =>
    (await operator("/v1/audit/records?principal=held-bot&type=act.intent")).body as never;
  // Once the index knows the log that was written while nobody served it.
  await expect.poll(async () => (await held()).records.length).toBe(40);
  expect(await held()).toMatchObject({
    archived: { records: expect.any(Number), to: expect.stringMatching(/Z$/) },
  });
  const old = await operator("/v1/audit/records?request=req_0000000000000012");
  expect(old.body).toMatchObject({ records: [], archived: {} });
  const recent = await operator(`/v1/audit/records?from=${new Date(Date.now() - HOUR).toISOString()}`);
  expect(recent.body).not.toHaveProperty("archived");
  expect((await operator("/v1/audit/proofs?limit=100")).status).toBe(200);

  await world.gateway.stop();
  const alone = await verify(audit());
  expect(alone).toMatch(/^note: \d+ records were archived and dropped: their hashes are in the tree/m);
  expect(alone).toMatch(/^whole: /m);
  const together = await verify(audit(), "--archive", archive());
  expect(together).toMatch(/^note: \d+ records were read from the archive$/m);
  expect(together).toMatch(/^whole: /m);
  // What the hold keeps stays in the log: the archive alone does not prove it.
  await expect(verify(archive(), "--as-archive")).rejects.toMatchObject({
    stdout: expect.stringMatching(/^incomplete: /m),
    stderr: expect.stringContaining("an archive proves what it holds"),
  });

  await world.restart();
  expect(await mayflyd("retention", "lift", hold, "--reason", "INC-12 is closed")).toBe("recorded\n");
  await expect(mayflyd("retention", "lift", hold, "--reason", "again")).rejects.toThrow(
    /no hold hold_\w+ is in force/,
  );
  await expect(mayflyd("retention", "hold", "--reason", "nothing")).rejects.toThrow(/a hold is on one thing/);
  await vi.waitFor(async () => expect(await mayflyd("retention", "--dry-run")).not.toContain("would"), {
    timeout: 120_000,
    interval: 1000,
  });
  await world.gateway.stop();
  expect(await verify(audit(), "--archive", archive())).toMatch(/^whole: /m);
  expect(await verify(archive(), "--as-archive")).toMatch(/^whole: /m);
  const oldKey = readFileSync(path.join(audit(), "log.vkey"), "utf8").trim();
  expect(readFileSync(path.join(archive(), "log.vkey"), "utf8").trim()).toBe(oldKey);

  // With a new key the log verifies by the old one, and the gateway goes on.
  const rotated = await mayflyd("rotate-log-key");
  expect(rotated).toMatch(/^old: localhost\+[0-9a-f]{8}\+\S+\nnew: localhost\+[0-9a-f]{8}\+\S+\n$/);
  expect(rotated).toContain(`old: ${oldKey}\n`);
  await world.restart();
  await world.gateway.stop();
  expect(await verifyBy(oldKey, audit())).toMatch(/^whole: /m);
}, 420_000);
