// tier: full
import { spawnSync } from "node:child_process";
import { cp, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { call, getAccess, type Access } from "@mayfly/testing/api.ts";
import { root } from "@mayfly/testing/gateway.ts";
import { psql, startWorld, verifyLog, type Ran, type World } from "@mayfly/testing/world.ts";

// The runbooks "Back up" and "Restore" of docs/operations.md, for both stores.

let world: World;
afterEach(() => world.stop());

const at = (...parts: readonly string[]): string => path.join(world.folder, ...parts);
const access = async (): Promise<Access> =>
  getAccess(world.gateway, await world.agentToken(), "orders-db", ["read-orders"], "15m");
const read = (from: Access): Promise<Ran> =>
  psql(world, from.env, ["-Atc", "select count(*) > 0 from orders"]);
const asOperator = async (method: string, url: string, body?: unknown): Promise<number> =>
  (await call(world.gateway, await world.personToken("olga@example.com"), method, url, body)).status;

/** What `mayfly audit verify` says of a folder, and its exit code. */
function verify(folder: string, ...more: readonly string[]): Ran {
  const bin = path.join(root, "packages/cli/bin/mayfly.js");
  const args = [bin, "audit", "verify", folder, "--key", path.join(folder, "log.vkey"), ...more];
  const run = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { code: run.status ?? -1, stdout: run.stdout, stderr: run.stderr };
}

/** Copies as an operator does, with the system's own program. */
function copy(how: string, from: string, to: string): void {
  const run = spawnSync("cp", [how, at(from), at(to)], { encoding: "utf8" });
  expect(run).toMatchObject({ status: 0, stderr: "" });
}

/** What an operator copies while the gateway is stopped, and puts back. */
const stores = {
  sqlite: { save: () => Promise.resolve(), restore: () => Promise.resolve() },
  postgres: {
    save: () => world.postgres.run("create database saved template mayfly"),
    async restore() {
      await world.postgres.run("drop database mayfly");
      await world.postgres.run("alter database saved rename to mayfly");
    },
  },
};

describe.each(["sqlite", "postgres"] as const)("a gateway on %s", (store) => {
  test("is restored locked down, so that no grant lives again that ended after the backup", async () => {
    world = await startWorld({ store });
    const revoked = await access();
    expect(await read(revoked)).toMatchObject({ code: 0 });
    await world.gateway.stop();
    await stores[store].save();
    await cp(at("data"), at("backup"), { recursive: true });

    await world.restart();
    expect(await read(revoked)).toMatchObject({ code: 0 });
    const reason = { reason: "INC-12" };
    expect(await asOperator("POST", `/v1/grants/${revoked.grant}/revoke`, reason)).toBe(200);
    const auditor = await world.personToken("ada@example.com");
    const { body: note } = await call(world.gateway, auditor, "GET", "/v1/audit/checkpoint");
    await writeFile(at("kept-elsewhere.txt"), String(note));
    await world.gateway.stop();

    await rm(at("data"), { recursive: true });
    await stores[store].restore();
    await rename(at("backup"), at("data"));
    expect(verify(at("data/audit"))).toMatchObject({ code: 0 });
    // What the backup lacks, a checkpoint from elsewhere tells.
    const missing = verify(at("data/audit"), "--checkpoint", at("kept-elsewhere.txt"));
    expect(missing.code).toBe(1);
    expect(missing.stdout + missing.stderr).toMatch(
      /holds \d+ records, fewer than the \d+ of the checkpoint kept outside/,
    );

    await world.restart("--lockdown", "INC-12: restored from the backup of 03:00");
    expect(await read(revoked)).toMatchObject({ code: 2 });
    expect(await asOperator("DELETE", "/v1/lockdown")).toBeLessThan(300);
    expect(await read(revoked)).toMatchObject({ code: 2 });
    expect(await read(await access())).toMatchObject({ code: 0, stdout: "t\n" });
    expect(verifyLog(world)).toMatchObject({ code: 0 });
  });
});

test("a log that is copied while its gateway writes verifies, and is not taken for the newest", async () => {
  world = await startWorld({ store: "postgres" });
  const reading = await access();
  const state = { isOver: false };
  const acts = (async () => {
    while (!state.isOver) expect(await read(reading)).toMatchObject({ code: 0 });
  })();
  try {
    for (let round = 0; round < 8; round += 1) {
      await rm(at("backup"), { recursive: true, force: true });
      // As docs/operations.md says: what a checkpoint covers, and what a record refers to, is copied after it.
      copy("-a", "data", "backup");
      copy("-au", "data/audit/records", "backup/audit");
      copy("-au", "data/audit/payloads", "backup/audit");
      // 6: an act was under way, so that the last line of a file may be half there.
      expect([0, 6]).toContain(verify(at("backup/audit")).code);
    }
  } finally {
    state.isOver = true;
    await acts;
  }
  await world.gateway.stop();
  await rm(at("data"), { recursive: true });
  await rename(at("backup"), at("data"));
  // The store knows of a longer log: this one is an older copy, and is not taken up unseen.
  await expect(world.restart()).rejects.toThrow("accept-log-loss");
});
