import { readFileSync } from "node:fs";
import pg from "pg";
import { residentMemory } from "../measure/process-times.ts";
import type { Peer } from "./peers.ts";

/** Log-ins under way at once: each costs key derivations on three sides and a process of the database. */
const MAX_LOGINS = 4;
/** Sessions opened before counting: the first ones also pay for what all share. */
const WARM_UP = 50;
const SETTLE_MS = 2000;
/** What a connection costs PostgreSQL at most, with the client's share of the machine. */
const BACKEND_BYTES = 4 * 1024 * 1024;

/** How many idle sessions this machine can hold, of those that are wanted: half of its free memory for PostgreSQL. */
export function affordableSessions(wanted: number, availableBytes: number): number {
  return Math.max(0, Math.min(wanted, Math.floor(availableBytes / 2 / BACKEND_BYTES)));
}

/** Memory that is free for the asking, in /proc/meminfo. @throws Error when it is not of that form */
export function parseAvailable(text: string): number {
  const match = /^MemAvailable:\s+(\d+) kB$/m.exec(text);
  if (match === null) throw new Error("no MemAvailable in /proc/meminfo");
  return Number(match[1]) * 1024;
}

export const availableMemory = (): number => parseAvailable(readFileSync("/proc/meminfo", "utf8"));

/** Resident memory that one more idle session costs a peer's process, bytes: the mean over so many. */
export async function idleSessionBytes(peer: Peer, count: number): Promise<number> {
  const [pid] = peer.processes;
  if (pid === undefined) throw new Error(`${peer.name} has no process`);
  const clients: pg.Client[] = [];
  const open = async (howMany: number): Promise<void> => {
    let left = howMany;
    const line = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const { port, user, password, database } = peer;
        const client = new pg.Client({ host: "127.0.0.1", port, user, password, database });
        client.on("error", () => undefined);
        await client.connect();
        clients.push(client);
      }
    };
    await Promise.all(Array.from({ length: MAX_LOGINS }, line));
  };
  try {
    await open(WARM_UP);
    const before = residentMemory(pid);
    await open(count);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    return (residentMemory(pid) - before) / count;
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}
