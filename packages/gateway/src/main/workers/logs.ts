import { dirname } from "node:path";
import { existsAny } from "../../audit/known/found-log.ts";
import type { Configuration } from "../../configuration/types.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { configurationOfLog, workerFolder, type WorkerPlace } from "./place.ts";
import { workersIn } from "./retired.ts";

/**
 * The logs of a gateway that are on this machine, each as the configuration of the process that writes it: that of a gateway
 * without workers, and those of workers. One that no process writes to any more is among them.
 * @param worker that worker's alone
 * @throws MayflyError when there is none
 */
export function logsHere(configuration: Configuration, worker?: number): readonly Configuration[] {
  const places = worker === undefined ? [undefined, ...workersIn(configuration.audit.folder)] : [worker];
  const found = places
    .map((own) => configurationOfLog(configuration, own))
    .filter(({ audit }) => existsAny(audit.folder));
  if (found.length > 0) return found;
  throw new MayflyError(
    "no_log",
    `there is no audit log in ${configurationOfLog(configuration, worker).audit.folder}`,
    {
      hint:
        worker === undefined
          ? "mayflyd makes it at its first start"
          : "leave out --worker for all logs of this gateway",
    },
  );
}

/**
 * Where the other logs of this gateway are on this machine.
 * @param audit as the process with this place has it
 */
export function otherLogFolders(
  { folder: own }: Pick<Configuration["audit"], "folder">,
  worker: WorkerPlace | undefined,
): readonly string[] {
  const shared = worker === undefined ? own : dirname(own);
  return [shared, ...workersIn(shared).map((number) => workerFolder(shared, number))].filter(
    (folder) => folder !== own && existsAny(folder),
  );
}
