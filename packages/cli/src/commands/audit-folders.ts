import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { shellQuote } from "../access-text.ts";
import { UsageError } from "../exit.ts";

/** Whether a folder is a log's, or its archive's. */
const isLog = (folder: string): boolean => existsSync(join(folder, "records"));

/** The names of a folder's logs, where it holds several: `mayflyd serve --workers` keeps `worker-1`, `worker-2`, … in one. */
export function logsIn(folder: string): readonly string[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && isLog(join(folder, entry.name)))
    .map(({ name }) => name)
    .toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/**
 * Refuses a folder that is no log and holds some.
 * @param options how it was to be verified
 * @throws UsageError with the commands that verify them
 */
export function refuseFolderOfLogs(
  folder: string,
  options: { readonly archive?: string; readonly asArchive?: boolean; readonly logs?: string },
): void {
  const names = isLog(folder) ? [] : logsIn(folder);
  if (names.length === 0) return;
  const logs = names.map((name) => join(folder, name));
  const each = logs.map((log, at) =>
    verifying([
      log,
      "--key",
      join(log, "log.vkey"),
      ...(options.archive === undefined ? [] : ["--archive", join(options.archive, names[at] ?? "")]),
      ...(options.asArchive === true ? ["--as-archive"] : []),
    ]),
  );
  const all = verifying([...logs, "--logs", options.logs ?? "logs.note", "--key", "LOG.VKEY"]);
  const byList = `all by a signed list of them (mayfly audit logs --save logs.note), with the key of the log that signed it:\n${all}`;
  throw new UsageError(
    `${folder} is no audit log: it holds ${names.length === 1 ? "that" : "those"} of ${names.join(", ")}`,
    options.logs === undefined ? `verify each log:\n${each.join("\n")}\nor ${byList}` : `verify ${byList}`,
  );
}

function verifying(args: readonly string[]): string {
  return `  mayfly audit verify ${args.map(shellQuote).join(" ")}`;
}
