import type { PartialLog, RetiredLog } from "./port.ts";

/** A log that an operator has given up, with what the store knew of it then. */
export interface Retirement {
  /** The log's id: its first verifier key. */
  readonly log: string;
  /** The name that its gateway had last. */
  readonly name: string;
  /** How many records were on its disk when it was last heard of. */
  readonly records: number;
  /** Its newest checkpoint, a signed note; undefined: it had none. */
  readonly checkpoint?: string;
  /** Who gave it up, by name. */
  readonly by: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The logs that were given up, as the store keeps them. */
export interface RetiredLogs {
  all(): Promise<readonly Retirement[]>;
  /**
   * Keeps that a log is given up.
   * @returns false: nothing was kept, as the store knows no such log under that name, its gateway lives, or it is retired already
   */
  retire(retirement: Retirement): Promise<boolean>;
  /** Forgets it: the log's gateway is back. */
  end(log: string): Promise<void>;
}

/**
 * Those that count now, by the logs' ids. Pure.
 * @param live the names of gateways that live: one that is back may not have said so yet
 */
export function retiredNow(
  all: readonly Retirement[],
  live: ReadonlySet<string>,
): ReadonlyMap<string, Retirement> {
  return new Map(all.filter(({ name }) => !live.has(name)).map((one) => [one.log, one]));
}

/** What an answer lacks of a log for good, since it was given up. */
export function lackForGood(
  { log, lacks }: PartialLog,
  { by, at }: Pick<Retirement, "by" | "at">,
): RetiredLog {
  return { log, lacks, by, at };
}
