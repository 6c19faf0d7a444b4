import { MayflyError } from "@mayfly/sdk";
import { printable, safeJson } from "./print.ts";

/** What the command's exit code says; `mayfly run` gives back that of its command instead. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  denied: 3,
  undecided: 4,
  unauthenticated: 5,
  incomplete: 6,
  open: 7,
} as const;

/** What the reader of `--help` sees of the table above. */
export const exitCodesHelp = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 denied or refused,
4 still pending, timed out or undecided, 5 not logged in,
6 audit log incomplete, 7 a way around the gateway is open;
run: that of its command (126, 127: it did not start)`;

/** Wrong usage: exit code 2. */
export class UsageError extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** The command to run is not here: the exit code that a shell gives then (POSIX, "Exit Status for Commands"). */
export class CannotRunError extends UsageError {}

/** A shell's exit code for a command that is not found. */
const COMMAND_NOT_FOUND = 127;

/** The exit code of anything thrown. */
export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof CannotRunError) return COMMAND_NOT_FOUND;
  if (thrown instanceof UsageError) return exitCodes.usage;
  if (!(thrown instanceof MayflyError)) return exitCodes.failed;
  if (thrown.code === "not_approved_in_time" || thrown.code === "timed_out") return exitCodes.undecided;
  if (thrown.status === 401 || thrown.code === "not_logged_in") return exitCodes.unauthenticated;
  const refusals = ["refused", "denied", "locked_down"];
  if (thrown.status === 403 || refusals.includes(thrown.code)) return exitCodes.denied;
  return exitCodes.failed;
}

/** A hint of the gateway's speaks to whoever calls its API: here are its commands. */
function asCommands(hint: string): string {
  return hint
    .replaceAll(/[A-Z]+ \/v1\/\S+ \((mayfly [^)]+)\)/g, "$1")
    .replaceAll("GET /v1/operations", "mayfly operations")
    .replace(/^list the grants that you can see$/, "mayfly grants lists those that you can see")
    .replace(/^list the requests that you can see$/, "mayfly pending lists those that wait for you");
}

/** What commander says of a bad argument or option, in our words. */
export function usageWords(text: string): string {
  return text
    .replace(/^error: /, "")
    .replace(
      /^command-argument value '([^]*)' is invalid for argument '([\w-]+)'\. /,
      (_, given: string, argument: string) => `'${given}' is not ${nouns[argument] ?? `a ${argument}`}. `,
    )
    .replace(
      /^missing required argument '([\w-]+)'/,
      (_, argument: string) => `${nouns[argument] ?? `a ${argument}`} is missing`,
    );
}

/** What stands for an argument, as it is called in a sentence; the others are called as they are named. */
const nouns: Readonly<Record<string, string>> = {
  operation: "an operation",
  operations: "an operation",
  "request-or-grant": "a request or a grant",
};

/** An error for a program that reads standard error: one line of JSON. */
export function errorJson(thrown: unknown): string {
  const error = thrown instanceof MayflyError || thrown instanceof UsageError ? thrown : undefined;
  const known = thrown instanceof MayflyError ? thrown : undefined;
  return safeJson(
    JSON.stringify({
      error: {
        code: known?.code ?? (error === undefined ? "failed" : "usage"),
        message: thrown instanceof Error ? thrown.message : String(thrown),
        ...(error?.hint === undefined ? {} : { hint: asCommands(error.hint) }),
        ...(known === undefined || known.reasons.length === 0 ? {} : { reasons: known.reasons }),
        ...(known?.request === undefined ? {} : { request: known.request }),
        ...(known?.status === undefined ? {} : { status: known.status }),
        exit_code: exitCodeOf(thrown),
      },
    }),
  );
}

/** An error as standard error shows it: what happened, why, what to do. */
export function errorText(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const lines = [`mayfly: ${message}`];
  if (thrown instanceof MayflyError) {
    for (const reason of thrown.reasons) if (!message.includes(reason)) lines.push(`  ${reason}`);
  }
  const hint = thrown instanceof MayflyError || thrown instanceof UsageError ? thrown.hint : undefined;
  if (hint !== undefined) lines.push(`hint: ${asCommands(hint)}`);
  return lines.map(printable).join("\n");
}
