import { cpus, loadavg, totalmem } from "node:os";
import { median } from "../median.ts";
import type { CpuTimes } from "./process-times.ts";
import { writeResult } from "./results.ts";

/** One run of one load through one peer. */
export interface Row<Run = object> {
  readonly scenario: string;
  readonly peer: string;
  readonly round: number;
  /** How many processes wanted the machine in the last minute, the benchmark's own among them. */
  readonly load: number;
  readonly run: Run;
  /** Microseconds of CPU an operation: of the peer's own processes, of the server's behind it, and of the client. */
  readonly cpu: Readonly<Record<string, CpuTimes>>;
}

/** Each peer once a round, one after the other and every second round in reverse, so that a drift falls on all of them. */
export function* interleaved<Peer>(
  rounds: number,
  peers: readonly Peer[],
): Generator<{ readonly round: number; readonly peer: Peer }> {
  for (let round = 0; round < rounds; round += 1)
    for (const peer of round % 2 === 0 ? peers : peers.toReversed()) yield { round, peer };
}

/** The machine's load now, to two digits. */
export const loadNow = (): number => Math.round((loadavg()[0] ?? Number.NaN) * 100) / 100;

const of = <Run>(rows: readonly Row<Run>[], scenario: string, peer: string): readonly Row<Run>[] =>
  rows.filter((row) => row.scenario === scenario && row.peer === peer);

/** The median of a peer's runs; NaN when there are none. */
export const medianOf = <Run>(
  rows: readonly Row<Run>[],
  scenario: string,
  peer: string,
  pick: (row: Row<Run>) => number,
): number => median(of(rows, scenario, peer).map(pick));

/** The median of the ratios within each round: a busy moment that slows both peers changes it less than the ratio of medians. */
export function ratioOf<Run>(
  rows: readonly Row<Run>[],
  scenario: string,
  peers: { readonly of: string; readonly to: string },
  pick: (row: Row<Run>) => number,
): number {
  const others = of(rows, scenario, peers.to);
  const ratios = of(rows, scenario, peers.of).flatMap((row) => {
    const other = others.find(({ round }) => round === row.round);
    return other === undefined ? [] : [pick(row) / pick(other)];
  });
  return median(ratios);
}

/** CPU as a table shows it: all, and the kernel's part. */
export function cpuCell<Run>(
  rows: readonly Row<Run>[],
  scenario: string,
  peer: string,
  name: string,
): string {
  const one = (pick: (times: CpuTimes) => number): number =>
    medianOf(rows, scenario, peer, ({ cpu }) => {
      const times = cpu[name];
      return times === undefined ? Number.NaN : pick(times);
    });
  const all = one(({ user, kernel }) => user + kernel);
  return Number.isNaN(all) ? "" : `${all.toFixed(1)} (${one(({ kernel }) => kernel).toFixed(1)})`;
}

/** Keeps the raw runs, one a line, with what they were measured on. */
export function keep(file: string, what: Readonly<Record<string, unknown>>, rows: readonly Row[]): void {
  const about = {
    at: new Date().toISOString(),
    machine: {
      cpus: cpus().length,
      model: cpus()[0]?.model,
      memory: totalmem(),
      node: process.version,
    },
    ...what,
  };
  const text = JSON.stringify(about, undefined, 1).slice(0, -2);
  writeResult(
    file,
    `${text},\n "rows": [\n${rows.map((row) => `  ${JSON.stringify(row)}`).join(",\n")}\n ]\n}\n`,
  );
}
