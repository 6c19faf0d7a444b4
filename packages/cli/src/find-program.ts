import { statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { CannotRunError } from "./exit.ts";

/**
 * Refuses a command that is not on this machine, before anything is asked for: a grant would be spent on nothing.
 * Only what is certain is refused: what is there and cannot be started says so when it is.
 * @param hint what to do about it
 */
export function requireProgram(
  program: string,
  hint: string,
  path: string | undefined = process.env["PATH"],
): void {
  // Windows also tries endings of its own (PATHEXT).
  if (process.platform === "win32") return;
  // Without PATH the system has a list of its own (execvp, exec(3)).
  if (path === undefined && !program.includes("/")) return;
  // A name with a slash is a path, and an empty entry is the folder that one is in (POSIX, "Environment Variables").
  const files = program.includes("/")
    ? [program]
    : (path ?? "").split(delimiter).map((folder) => join(folder, program));
  if (!files.some(isFile))
    throw new CannotRunError(`${program} cannot be run: there is no such command`, hint);
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    // A folder that cannot be searched (EACCES) is one that the shell passes by, too.
    return false;
  }
}
