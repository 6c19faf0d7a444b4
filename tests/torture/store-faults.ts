import { spawnSync } from "node:child_process";
import { copyFileSync, renameSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { call, getAccess } from "@mayfly/testing/api.ts";
import type { World } from "@mayfly/testing/world.ts";
import type { WatchedLoad } from "./watched-load.ts";
import { clientOf, until } from "./world.ts";

/** What can happen to the store, or to a disk, while a gateway serves. */
export interface StoreFault {
  readonly name: string;
  /** Which part of `/readyz` says so, what, and how soon. */
  readonly part: "store" | "audit log";
  readonly names: RegExp;
  readonly withinMs: number;
  readonly mounts?: true;
  /** Before anything works. @returns cleans up in the end */
  readonly prepare?: (world: World) => Promise<() => void>;
  /** @returns undoes it */
  readonly struck: (world: World) => Promise<() => void> | (() => void);
  /** @returns what does not hold meanwhile */
  readonly meanwhile: (world: World, load: WatchedLoad) => Promise<readonly string[]>;
}

const store = (world: World): string => path.join(world.folder, "data/store/mayfly.db");

async function asks(world: World): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await call(world.gateway, await world.agentToken(), "POST", "/v1/requests", {
    connection: "orders-db",
    operations: ["read-orders"],
    reason: "TICKET-1 is anybody there?",
  });
  return { status: answer.status, text: JSON.stringify(answer.body) };
}

/** Sessions that are open go on. */
async function goesOn(_: World, load: WatchedLoad): Promise<readonly string[]> {
  try {
    await load.answers(5);
    return [];
  } catch (error) {
    return [`open sessions do not go on: ${String(error)}`];
  }
}

/** A request is refused in words, and a status that says whose fault it is. */
async function refusesToAsk(world: World): Promise<readonly string[]> {
  const { status, text } = await asks(world);
  return status === 503 && /hint/.test(text) ? [] : [`a request gets ${status}: ${text}`];
}

/** Moves the gateway to a small disk of its own for one of its folders, and fills that. */
async function smallDisk(world: World, folder: string): Promise<() => void> {
  await world.gateway.stop("SIGTERM");
  const on = path.join(world.folder, "data", folder);
  const aside = `${on}.aside`;
  renameSync(on, aside);
  spawnSync("mkdir", ["-m", "700", on]);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=12m,mode=0700", "tmpfs", on], {
    encoding: "utf8",
  });
  if (mounted.status !== 0) throw new Error(mounted.stderr);
  spawnSync("sh", ["-c", `cp -a ${aside}/. ${on}/ && rm -r ${aside}`]);
  await world.restart();
  return () => void spawnSync("umount", ["-l", on]);
}

/** Fills a disk to its last byte. @returns frees it */
function fill(folder: string): () => void {
  const ballast = path.join(folder, "..ballast");
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(ballast, Buffer.alloc(Math.max(bavail - 2, 0) * bsize));
  for (let bytes = bsize; bytes >= 64; bytes /= 4)
    try {
      for (;;) writeFileSync(ballast, Buffer.alloc(bytes), { flag: "a" });
    } catch {
      // As much of that size as there was room for.
    }
  return () => rmSync(ballast, { force: true });
}

export const storeFaults: readonly StoreFault[] = [
  {
    name: "the store's file is removed",
    part: "store",
    names: /mayfly\.db is gone/,
    withinMs: 2500,
    struck(world) {
      const aside = `${store(world)}.aside`;
      renameSync(store(world), aside);
      return () => renameSync(aside, store(world));
    },
    meanwhile: goesOn,
  },
  {
    name: "the store's file is replaced by a copy",
    part: "store",
    names: /mayfly\.db is not the file that was opened/,
    withinMs: 2500,
    struck(world) {
      const aside = `${store(world)}.aside`;
      renameSync(store(world), aside);
      copyFileSync(aside, store(world));
      return () => renameSync(aside, store(world));
    },
    meanwhile: goesOn,
  },
  {
    name: "the store's disk is full",
    part: "store",
    names: /it takes no writes: .*(full|no space)/,
    withinMs: 12_000,
    mounts: true,
    prepare: (world) => smallDisk(world, "store"),
    struck: (world) => fill(path.join(world.folder, "data/store")),
    meanwhile: async (world, load) => [...(await refusesToAsk(world)), ...(await goesOn(world, load))],
  },
  {
    name: "the log's disk is full",
    part: "audit log",
    // A look may see it before a write meets it.
    names: /ENOSPC|its disk has .* left, and the last/,
    withinMs: 2000,
    mounts: true,
    prepare: (world) => smallDisk(world, "audit"),
    struck: (world) => fill(path.join(world.folder, "data/audit")),
    async meanwhile(world, load) {
      const since = performance.now();
      const later = (): readonly string[] =>
        load.refused.filter(({ at }) => at > since).map(({ why }) => why);
      await until(() => later().length >= 10, 60_000);
      return [
        ...(await refusesToAsk(world)),
        ...(load.answered.some(({ sentAt }) => sentAt > since)
          ? ["statements are answered although they cannot be recorded"]
          : []),
        ...(later().at(-1)?.includes("could not be recorded") === true
          ? []
          : [`the agent reads: ${later().at(-1)}`]),
      ];
    },
  },
  {
    name: "the disk of the payloads is full",
    part: "audit log",
    names: /ENOSPC/,
    withinMs: 0,
    mounts: true,
    prepare: (world) => smallDisk(world, "audit/payloads"),
    struck: (world) => fill(path.join(world.folder, "data/audit/payloads")),
    meanwhile: bulkyIsRefused,
  },
];

/** A statement whose text stands beside the log is refused; one that needs no payload is not. */
async function bulkyIsRefused(world: World): Promise<readonly string[]> {
  const access = await getAccess(world.gateway, await world.agentToken(), "orders-db", ["read-orders"]);
  const client = await clientOf(world, access);
  try {
    await client.query(`select '${"x".repeat(100_000)}' as bulky`);
    return ["a statement was answered although its text could not be kept"];
  } catch (error) {
    return /could not be recorded/.test(String(error)) ? [] : [`the agent reads: ${String(error)}`];
  } finally {
    await client.end().catch(() => undefined);
  }
}
