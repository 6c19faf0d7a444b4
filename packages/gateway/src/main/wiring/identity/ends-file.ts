import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { Configuration } from "../../../configuration/types.ts";

/** The journal of ends of a log. @param folder the data folder of whoever writes it */
export const endsFileIn = (folder: string, name: string): string =>
  join(folder, `${encodeURIComponent(name)}.ends`);

/**
 * Where the journal of ends is; its folder is made where there is none.
 * @param instead the name of the log whose place this one takes: what its journal holds has ended all the same
 */
export function endsFile(
  { dataFolder, audit }: Pick<Configuration, "dataFolder" | "audit">,
  instead: string | undefined,
): string {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const file = endsFileIn(dataFolder, audit.name);
  const before = instead === undefined ? file : endsFileIn(dataFolder, instead);
  if (before !== file && existsSync(before)) renameSync(before, file);
  return file;
}
