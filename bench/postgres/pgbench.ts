import { spawn } from "node:child_process";
import type { Load, Span } from "../measure/sampler.ts";
import type { Peer } from "./peers.ts";

/** One run's result. */
export interface Run {
  readonly tps: number;
  /** Milliseconds. */
  readonly latency: number;
  /** Milliseconds until all clients were in, which count among the seconds that pgbench is given; 0 with reconnects. */
  readonly connecting: number;
  /** Transactions a second in each second of it, where pgbench was asked for progress (`-P 1`). */
  readonly each?: readonly number[];
}

/** After all clients are in, until nothing of it is left. */
const SETTLE_MS = 100;

/** The whole seconds that pgbench is given, so that so many are left when all clients are in. */
export const secondsFor = (seconds: number, connecting: number): number =>
  Math.ceil(seconds + (connecting + SETTLE_MS) / 1000);

/** The part of a run in which pgbench does nothing but transactions. */
export const spanOf = ({ connecting }: Run, seconds: number): Span => ({
  from: connecting + SETTLE_MS,
  to: seconds * 1000,
});

/** The environment of libpq for a peer; every peer is reached the same way. */
function libpq(peer: Peer, tls: boolean): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PGHOST: "127.0.0.1",
    PGPORT: String(peer.port),
    PGUSER: peer.user,
    PGPASSWORD: peer.password,
    PGDATABASE: peer.database,
    PGSSLMODE: tls ? "require" : "disable",
    PGGSSENCMODE: "disable",
  };
}

/** Reads what pgbench prints at its end; undefined when a figure is missing. */
export function readPgbench(text: string): Run | undefined {
  const tps = /tps = ([\d.]+) \((?:without initial|including reconnection)/.exec(text);
  const latency = /latency average = ([\d.]+) ms/.exec(text);
  const connecting = /initial connection time = ([\d.]+) ms/.exec(text);
  if (tps === null || latency === null) return undefined;
  const each = Array.from(text.matchAll(/^progress: .*? s, ([\d.]+) tps/gm), ([, value]) => Number(value));
  return {
    tps: Number(tps[1]),
    latency: Number(latency[1]),
    connecting: Number(connecting?.[1] ?? 0),
    ...(each.length === 0 ? {} : { each }),
  };
}

/** Starts pgbench. Its promise is rejected with what it printed when it fails. */
export function startPgbench(peer: Peer, args: readonly string[], tls: boolean): Load<Run> {
  const child = spawn("pgbench", ["-n", ...args], {
    env: libpq(peer, tls),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const done = new Promise<Run>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      const run = readPgbench(output);
      if (code === 0 && run !== undefined) resolve(run);
      else reject(new Error(`pgbench through ${peer.name}: ${output}`));
    });
  });
  return { pid: child.pid ?? 0, done };
}

/** Runs pgbench once, to its end. */
export const pgbench = (peer: Peer, args: readonly string[], tls = false): Promise<Run> =>
  startPgbench(peer, args, tls).done;
