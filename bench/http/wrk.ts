import { spawn } from "node:child_process";
import type { Load, Span } from "../measure/sampler.ts";
import type { Peer } from "./peers.ts";

/** What one run of wrk measured. */
export interface Run {
  readonly requestsPerSecond: number;
  readonly megabytesPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Answers that were not 2xx or 3xx, and sockets that failed. */
  readonly errors: number;
}

/** Until all connections have shaken hands. */
const SETTLE_MS = 300;

/** The part of a run in which wrk does nothing but requests. */
export const spanOf = (seconds: number): Span => ({ from: SETTLE_MS, to: seconds * 1000 });

const units: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };
const sizes: Readonly<Record<string, number>> = { B: 1e-6, KB: 0.001_024, MB: 1.048_576, GB: 1073.741_824 };

function timeOf(text: string, label: string): number {
  const match = new RegExp(`${label}\\s+([\\d.]+)(us|ms|s|m)\\b`).exec(text);
  return Number(match?.[1]) * (units[match?.[2] ?? ""] ?? Number.NaN);
}

/** Reads what wrk prints with --latency. */
export function readWrk(text: string): Run {
  const transfer = /Transfer\/sec:\s+([\d.]+)(B|KB|MB|GB)/.exec(text);
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(text);
  const sockets = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
  const failed = sockets === null ? 0 : sockets.slice(1).reduce((sum, each) => sum + Number(each), 0);
  return {
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    megabytesPerSecond: Number(transfer?.[1]) * (sizes[transfer?.[2] ?? ""] ?? Number.NaN),
    p50: timeOf(text, "50%"),
    p99: timeOf(text, "99%"),
    errors: Number(bad?.[1] ?? 0) + failed,
  };
}

/** Starts wrk. Its promise is rejected when it fails, or when any answer was an error. */
export function startWrk(peer: Peer, file: string, clients: number, seconds: number): Load<Run> {
  const args = ["-t", "1", "-c", String(clients), "-d", `${seconds}s`, "--latency"];
  for (const header of peer.headers) args.push("-H", header);
  const child = spawn("wrk", [...args, `${peer.url}/${file}`], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (part: string) => (text += part));
  const done = new Promise<Run>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => {
      const run = readWrk(text);
      if (Number.isNaN(run.requestsPerSecond) || run.errors > 0)
        reject(new Error(`wrk against ${peer.name}:\n${text}`));
      else resolve(run);
    });
  });
  return { pid: child.pid ?? 0, done };
}
