import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { existsAny } from "../../audit/known/found-log.ts";
import type { Configuration } from "../../configuration/types.ts";
import { journalHolds } from "../../grants/durability/journal-file.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { endsFileIn } from "../wiring/identity/ends-file.ts";
import { workerConfiguration } from "./place.ts";

/** A log that is on this machine, and that no process of the gateway writes to. */
export interface RetiredLog {
  /** The worker that wrote it; undefined for that of a gateway without workers. */
  readonly worker: number | undefined;
  readonly name: string;
  readonly folder: string;
  /** Where its ends are noted until they are stored. */
  readonly journal: string;
}

/** Logs of an earlier number of workers. @param count how many run now; undefined: the gateway is one process */
export function retiredLogs(configuration: Configuration, count: number | undefined): readonly RetiredLog[] {
  const known = workersIn(configuration.audit.folder);
  const isRun = (worker: number | undefined): boolean =>
    worker === undefined ? count === undefined : worker <= (count ?? 0);
  return [undefined, ...known]
    .filter((worker) => !isRun(worker))
    .map((worker): RetiredLog => {
      const place = worker === undefined ? undefined : { own: worker, count: Math.max(count ?? 1, 1) };
      const { audit, dataFolder } = workerConfiguration(configuration, place);
      const { name, folder } = audit;
      return { worker, name, folder, journal: endsFileIn(dataFolder, name) };
    })
    .filter(({ folder }) => existsAny(folder));
}

/** The workers that have, or have had, a folder of their own in this one. */
export function workersIn(folder: string): readonly number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => /^worker-([1-9]\d?)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .filter((worker) => existsSync(join(folder, `worker-${worker}`)))
    .toSorted((a, b) => a - b);
}

/**
 * An end that was answered for while the store was away stands in its process's own log and journal alone. Whoever
 * wrote it hands it over when it starts again; nobody else can.
 * @throws MayflyError when a log that is not run any more has such ends
 */
export function mustBeHandedOver(configuration: Configuration, count: number | undefined): void {
  for (const { worker, name, journal } of retiredLogs(configuration, count)) {
    if (!journalHolds(journal)) continue;
    throw new MayflyError(
      "ends_not_stored",
      `the log ${name} has ended grants that the store does not know to have ended (${journal})`,
      {
        hint: `start once with ${worker === undefined ? "no --workers" : `--workers ${worker}`}, until it is ready, and then as now`,
      },
    );
  }
}
