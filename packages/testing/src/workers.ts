import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import type { Access } from "./api.ts";
import type { World } from "./world.ts";

/** Every connection goes to either worker by chance: that none of so many reached one happens once in 10^19 times. */
const MAX_CONNECTIONS = 64;

/** The folder of one worker's audit log. */
export const workerLogFolder = (world: World, worker: number): string =>
  path.join(world.folder, "data/audit", `worker-${worker}`);

/** The records of one worker's log so far. */
export function workerRecords(world: World, worker: number): readonly Record<string, unknown>[] {
  const folder = path.join(workerLogFolder(world, worker), "records");
  if (!existsSync(folder)) return [];
  const text = readdirSync(folder)
    .toSorted()
    .map((file) => readFileSync(path.join(folder, file), "utf8"))
    .join("");
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The process of one worker: the newest that was said to be ready. */
export function workerPid(world: World, worker: number): number {
  const line = world.gateway.lines.findLast(
    (each) => each["msg"] === "worker ready" && each["worker"] === worker,
  );
  return Number(line?.["pid"]);
}

/** A PostgreSQL session through a gateway with workers. */
export interface WorkerSession {
  readonly client: pg.Client;
  /** Which worker has it. */
  readonly worker: number;
  /** Resolves when its socket is closed. */
  readonly closed: Promise<void>;
}

/** Opens one, at whichever. */
export async function openSession(
  world: World,
  { grant, secret }: Access,
): Promise<Omit<WorkerSession, "worker">> {
  const client = new pg.Client({
    host: "localhost",
    port: world.gateway.postgresPort,
    user: grant,
    password: secret,
    database: "orders-db",
    ssl: { ca: readFileSync(world.gateway.caFile, "utf8") },
  });
  // What ends it is asserted by whoever runs something in it.
  client.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => client.once("end", () => resolve()));
  await client.connect();
  return { client, closed };
}

const opened = (world: World, worker: number): number =>
  workerRecords(world, worker).filter(({ type }) => type === "session.opened").length;

/** Opens sessions until each of two workers has `each` at least. */
export async function openAtBoth(world: World, access: Access, each = 1): Promise<readonly WorkerSession[]> {
  const sessions: WorkerSession[] = [];
  const at = (worker: number): number => sessions.filter((session) => session.worker === worker).length;
  while (at(1) < each || at(2) < each) {
    if (sessions.length === MAX_CONNECTIONS) throw new Error(`all ${MAX_CONNECTIONS} came to one worker`);
    const before = opened(world, 1);
    const session = await openSession(world, access);
    // Its opening is on record before it is told that it is in.
    sessions.push({ ...session, worker: opened(world, 1) > before ? 1 : 2 });
  }
  return sessions;
}
