// What a load costs each process, without its start: logging in takes milliseconds of key derivation a client, which would
// drown the microseconds of a query. So the times are read again and again while the load runs, and only those read after it
// had begun count.
import { addTimes, noTimes, treeTimes, type CpuTimes } from "./process-times.ts";

/** Processes whose CPU counts, by name; several ids are added up. */
export type Processes = Readonly<Record<string, readonly number[]>>;

/** The CPU times of each name so far, at a time in milliseconds of `performance.now()`. */
export interface Sample {
  readonly at: number;
  readonly times: Readonly<Record<string, CpuTimes>>;
}

/** CPU times by name, in a span of so many milliseconds. */
export interface Spent {
  readonly ms: number;
  readonly times: Readonly<Record<string, CpuTimes>>;
}

const SAMPLE_MS = 50;

/** Reads the times of all processes now. */
export function sampleNow(processes: Processes): Sample {
  const times = Object.entries(processes).map(
    ([name, ids]) => [name, ids.map(treeTimes).reduce(addTimes, noTimes)] as const,
  );
  return { at: performance.now(), times: Object.fromEntries(times) };
}

/** Reads them on and on until it is stopped. */
export function startSampling(processes: Processes): { stop(): readonly Sample[] } {
  const samples = [sampleNow(processes)];
  const timer = setInterval(() => samples.push(sampleNow(processes)), SAMPLE_MS);
  return {
    stop() {
      clearInterval(timer);
      return samples;
    },
  };
}

/** What was spent between two samples. */
export function difference(from: Sample, to: Sample): Spent {
  const times = Object.entries(to.times).map(([name, { user, kernel }]) => {
    const before = from.times[name] ?? noTimes;
    return [name, { user: user - before.user, kernel: kernel - before.kernel }] as const;
  });
  return { ms: to.at - from.at, times: Object.fromEntries(times) };
}

/** A load left too little to count: the machine was so busy that hardly anything of it ran, or nobody could look. */
export class LoadTooShort extends Error {
  constructor() {
    super("the load was too short for its CPU to be counted");
  }
}

/** What was spent between the first and the last sample that lie within a span. @throws LoadTooShort with fewer than two */
export function spentWithin(samples: readonly Sample[], from: number, to: number): Spent {
  const within = samples.filter(({ at }) => at >= from && at <= to);
  const [first, last] = [within.at(0), within.at(-1)];
  if (first === undefined || last === undefined || first === last) throw new LoadTooShort();
  return difference(first, last);
}

/** Microseconds of CPU an operation, by name, rounded to hundredths. */
export function perOperation(spent: Spent, operations: number): Readonly<Record<string, CpuTimes>> {
  const round = (us: number): number => Math.round((us / operations) * 100) / 100;
  return Object.fromEntries(
    Object.entries(spent.times).map(([name, { user, kernel }]) => [
      name,
      { user: round(user), kernel: round(kernel) },
    ]),
  );
}

/** A program that makes the load. */
export interface Load<Run> {
  readonly pid: number;
  readonly done: Promise<Run>;
}

/** The part of a load that counts, in milliseconds after its start. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A load with its start and its end. */
export const wholeSpan: Span = { from: 0, to: Number.POSITIVE_INFINITY };

/**
 * Waits for a load and counts its CPU. The load's own process is counted as `client`.
 * @param spanOf the part of it in which it does nothing but its work
 * @param operations how many it did in so many milliseconds
 */
export async function withCpu<Run>(
  load: Load<Run>,
  processes: Processes,
  spanOf: (run: Run) => Span,
  operations: (run: Run, ms: number) => number,
): Promise<{ readonly run: Run; readonly cpu: Readonly<Record<string, CpuTimes>> }> {
  const started = performance.now();
  const sampling = startSampling({ ...processes, client: [load.pid] });
  try {
    const run = await load.done;
    const { from, to } = spanOf(run);
    // The last reading may be of a client that is already gone.
    const samples = sampling.stop().filter(({ times }) => hasBegun(times["client"]));
    const spent = spentWithin(samples, started + from, started + to);
    return { run, cpu: perOperation(spent, operations(run, spent.ms)) };
  } finally {
    sampling.stop();
  }
}

const MAX_TRIES = 5;

/** Runs a load again when it was too short to be counted. @throws LoadTooShort when it is every time */
export async function untilCounted<Result>(run: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof LoadTooShort) || tries === MAX_TRIES) throw error;
    }
  }
}

const hasBegun = ({ user, kernel }: CpuTimes = noTimes): boolean => user + kernel > 0;
