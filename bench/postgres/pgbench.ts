import { spawn } from "node:child_process";
import type { Peer } from "./peers.ts";

/** One run's result. */
export interface Run {
  readonly tps: number;
  /** Milliseconds. */
  readonly latency: number;
}

/** The environment of libpq for a peer; every peer is reached the same way. */
export function libpq(peer: Peer): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PGHOST: "127.0.0.1",
    PGPORT: String(peer.port),
    PGUSER: peer.user,
    PGPASSWORD: peer.password,
    PGDATABASE: peer.database,
    PGSSLMODE: "disable",
    PGGSSENCMODE: "disable",
  };
}

/** Runs pgbench once. @throws Error with what it printed */
export function pgbench(peer: Peer, args: readonly string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn("pgbench", ["-n", ...args], { env: libpq(peer), stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.once("error", reject);
    child.once("close", (code) => {
      const tps = /tps = ([\d.]+) \((?:without initial|including reconnection)/.exec(output);
      const latency = /latency average = ([\d.]+) ms/.exec(output);
      if (code !== 0 || tps === null || latency === null)
        reject(new Error(`pgbench through ${peer.name}: ${output}`));
      else resolve({ tps: Number(tps[1]), latency: Number(latency[1]) });
    });
  });
}
