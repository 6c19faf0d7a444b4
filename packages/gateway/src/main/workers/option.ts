import { InvalidArgumentError, Option } from "commander";
import { availableParallelism } from "node:os";

/** More than any machine here has had: each process has its own memory, log and connections to the store. */
const MAX_WORKERS = 64;

/** `--workers N`, or `auto` for one a core. */
export const workersOption = (): Option =>
  new Option(
    "--workers <number>",
    "serve with so many processes behind the same ports, or with one a core: auto; needs the PostgreSQL store",
  ).argParser((text: string): number =>
    text === "auto" ? Math.min(availableParallelism(), MAX_WORKERS) : numberOf(text, ", or auto"),
  );

/** `--worker N`: whose log a command is about. */
export const workerOption = (): Option =>
  new Option("--worker <number>", "the log of this worker, where the gateway runs with --workers").argParser(
    (text: string): number => numberOf(text),
  );

function numberOf(text: string, or = ""): number {
  const number = Number(text);
  if (/^\d{1,2}$/.test(text) && number >= 1 && number <= MAX_WORKERS) return number;
  throw new InvalidArgumentError(`It is a number from 1 to ${MAX_WORKERS}${or}.`);
}
