import { MayflyError, messageOf } from "../kernel/errors.ts";
import { tell } from "./terminal.ts";

/** Says on standard error why a command failed, and what to do about it. */
export function printError(error: unknown): void {
  // Its message is the list of problems, as `mayflyd check` prints it.
  const isList = error instanceof MayflyError && error.code === "configuration_refused";
  tell(isList ? error.message : `mayflyd: ${messageOf(error)}`);
  if (error instanceof MayflyError && error.hint !== undefined) tell(`hint: ${error.hint}`);
}
