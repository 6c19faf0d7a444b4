// tier: gate
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mayMount } from "../../packages/gateway/src/audit/testing/file-faults.ts";
import { runKills } from "../torture/kills.ts";
import { logSoFar } from "../torture/log-so-far.ts";
import { call } from "@mayfly/testing/api.ts";
import { root } from "@mayfly/testing/gateway.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";

// The short version of `npm run torture`, and what a start says when it cannot start.

const timeout = 600_000;
/** How soon something is noticed is measured by `npm run torture`; here a busy machine may take its time. */
const slackMs = 60_000;
const SEED = 7;

test(
  "killed under load, again and again: everything acknowledged is there, and nothing that ended lives",
  { timeout },
  async () => {
    const { failures, acknowledged, kills } = await runKills({ kills: 5, seed: SEED, slackMs });
    expect(failures, `seed ${SEED}`).toEqual([]);
    expect(kills).toBe(5);
    expect(acknowledged.acts).toBeGreaterThan(0);
    expect(acknowledged.ended).toBeGreaterThan(0);
  },
);

describe("a start that cannot start", () => {
  let world: World;
  const scratch = mkdtempSync(path.join(tmpdir(), "mayfly-starts-"));
  const canMount = mayMount(scratch);

  beforeAll(async () => {
    world = await startWorld({
      store: "sqlite",
      configure: (text) => text.replace("sqlite:data/mayfly.db", "sqlite:data/store/mayfly.db"),
    });
    // Something to remember.
    await call(world.gateway, await world.agentToken(), "POST", "/v1/requests", {
      connection: "orders-db",
      operations: ["read-orders"],
      reason: "TICKET-1 a first record",
    });
    await world.gateway.stop("SIGTERM");
  });
  afterAll(async () => {
    await world.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** What `mayflyd` prints, and its exit code. */
  function run(...args: readonly string[]): { readonly code: number | null; readonly said: string } {
    const bin = path.join(root, "packages/gateway/bin/mayflyd.js");
    const ran = spawnSync(process.execPath, [bin, ...args, "--config", world.file], {
      encoding: "utf8",
      env: { ...process.env, ...world.environment },
      timeout: 60_000,
    });
    return { code: ran.status, said: ran.stderr + ran.stdout };
  }

  const at = (...parts: readonly string[]): string => path.join(world.folder, "data", ...parts);

  /** Puts a small disk in a folder's place, full or read-only. */
  function disk(folder: string, kind: "full" | "read-only"): () => void {
    const on = at(folder);
    if (existsSync(on)) renameSync(on, `${on}.aside`);
    mkdirSync(on, { recursive: true, mode: 0o700 });
    const options = kind === "full" ? "size=4k,nr_inodes=20,mode=0700" : "ro,mode=0700";
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", on], { encoding: "utf8" });
    if (mounted.status !== 0) throw new Error(mounted.stderr);
    if (kind === "full") spawnSync("dd", ["if=/dev/zero", `of=${on}/ballast`, "bs=4k", "count=1"]);
    return () => {
      spawnSync("umount", ["-l", on]);
      rmSync(on, { recursive: true, force: true });
      if (existsSync(`${on}.aside`)) renameSync(`${on}.aside`, on);
    };
  }

  const disks = (["full", "read-only"] as const).flatMap((kind) =>
    ["audit", "store", "tls"].map((folder) => ({ kind, folder })),
  );
  // Where nobody may mount there is no small disk to be had.
  test.each(canMount ? disks : [])("on a $kind disk under $folder names the path", ({ kind, folder }) => {
    // A new log and a new store: otherwise the store would say first that its log is gone.
    const others = ["audit", "store", "tls"].filter((each) => each !== folder);
    for (const other of others) if (existsSync(at(other))) renameSync(at(other), at(`${other}.kept`));
    const undo = disk(folder, kind);
    const { code, said } = run("serve");
    undo();
    for (const other of others) {
      rmSync(at(other), { recursive: true, force: true });
      if (existsSync(at(`${other}.kept`))) renameSync(at(`${other}.kept`), at(other));
    }
    expect(code).toBe(1);
    expect(said).toContain(at(folder));
    expect(said).toMatch(/ENOSPC|full|EROFS|read-only|readonly|unable to open|disk I\/O|cannot be used/i);
    expect(said).toContain("hint: ");
  });

  test("without the log that the store knows makes nothing, and says how an operator goes on", async () => {
    renameSync(at("audit"), at("audit.lost"));
    const refused = run("serve");
    expect(refused.code).toBe(1);
    expect(refused.said).toMatch(
      /audit holds no audit log \(0 records\), but the store knows the log localhost with \d+ records/,
    );
    expect(refused.said).toContain("mayflyd accept-log-loss --reason");
    expect(existsSync(at("audit"))).toBe(false);

    expect(run("accept-log-loss", "--reason", " ").code).toBe(1);
    expect(run("accept-log-loss", "--reason", "INC-12: the disk is lost")).toMatchObject({ code: 0 });
    await world.restart();
    await world.gateway.stop("SIGTERM");
    const log = logSoFar(at("audit"));
    log.readOn();
    expect(JSON.parse(log.newest[0] ?? "")).toMatchObject({
      type: "log.replaced",
      detail: { reason: "INC-12: the disk is lost", known: { name: "localhost" } },
    });
    // It was accepted once.
    rmSync(at("audit"), { recursive: true });
    expect(run("serve").said).toContain("holds no audit log");
    renameSync(at("audit.lost"), at("audit"));
    expect(run("serve").said).toContain("holds another audit log");
  });
});
