// tier: full
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { readOutside } from "@mayfly/audit-verifier";
import { call } from "@mayfly/testing/api.ts";
import { root } from "@mayfly/testing/gateway.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";
import { afterAll, beforeAll, expect, test } from "vitest";

// Checkpoints through the daemon: configured, brought outside while it runs and when it stops, and verified by the auditor's command.

const run = promisify(execFile);
let world: World;
beforeAll(async () => {
  world = await startWorld({
    store: "sqlite",
    configure: (text) =>
      text.replace(
        "audit: { checkpoint_every: 2s }",
        `audit: { checkpoint_every: 2s, checkpoints: { to: [
  { name: disk, file: outside.checkpoints }, { name: away, folder: not-mounted },
  { name: nobody, witness: { url: http://127.0.0.1:1/, key: witness.test/w1+b89e2a9d+BN5SUmYBHd3Su1XJW1jfexmiuKz35kplgC2DE6Hni+fM, allow_insecure_loopback: true } } ] } }`,
      ),
  });
});
afterAll(() => world.stop());

test("the last checkpoint of a run is outside, whatever else is away, and the command verifies with it", async () => {
  const answer = await call(world.gateway, await world.personToken("olga@example.com"), "GET", "/metrics");
  const metrics = String(answer.body);
  expect(metrics).toMatch(/^mayfly_checkpoint_destination_up\{destination="disk",kind="file"\} 1$/m);
  expect(metrics).toMatch(/^mayfly_checkpoint_destination_up\{destination="nobody",kind="witness"\} [01]$/m);
  await world.gateway.stop();
  const outside = path.join(world.folder, "outside.checkpoints");
  const notes = readOutside(outside);
  const audit = path.join(world.folder, "data/audit");
  const last = readFileSync(path.join(audit, "checkpoints.txt"), "utf8").trimEnd().split("\n\n").slice(-2);
  expect(notes.at(-1)?.note).toBe(`${last.join("\n\n")}\n`);
  const { stdout } = await run(process.execPath, [
    path.join(root, "packages/cli/bin/mayfly.js"),
    "audit",
    "verify",
    audit,
    "--key",
    path.join(audit, "log.vkey"),
    "--checkpoint",
    outside,
  ]);
  expect(stdout).toMatch(/^whole: .* 0 records after the newest; 0 problems/);
  // What was away is there, and gets what it lacks with the next start.
  mkdirSync(path.join(world.folder, "not-mounted"));
  await world.restart();
  await world.gateway.stop();
  expect(readOutside(path.join(world.folder, "not-mounted")).length).toBeGreaterThan(0);
});
