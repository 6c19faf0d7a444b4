import { MayflyError } from "@mayfly/sdk";
import { printable } from "./print.ts";

/** What the command's exit code says; `mayfly run` gives back that of its command instead. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  denied: 3,
  undecided: 4,
  unauthenticated: 5,
  incomplete: 6,
} as const;

/** What the reader of `--help` sees of the table above. */
export const exitCodesHelp = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 denied or refused, 4 still pending or timed out,
5 not logged in, 6 audit log incomplete; run: that of its command (126, 127: it did not start)`;

/** Wrong usage: exit code 2. */
export class UsageError extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/** The exit code of anything thrown. */
export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof UsageError) return exitCodes.usage;
  if (!(thrown instanceof MayflyError)) return exitCodes.failed;
  if (thrown.code === "not_approved_in_time" || thrown.code === "timed_out") return exitCodes.undecided;
  if (thrown.status === 401 || thrown.code === "not_logged_in") return exitCodes.unauthenticated;
  const refusals = ["refused", "denied", "locked_down"];
  if (thrown.status === 403 || refusals.includes(thrown.code)) return exitCodes.denied;
  return exitCodes.failed;
}

/** An error as standard error shows it: what happened, why, what to do. */
export function errorText(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const lines = [`mayfly: ${message}`];
  if (thrown instanceof MayflyError) {
    for (const reason of thrown.reasons) if (!message.includes(reason)) lines.push(`  ${reason}`);
  }
  const hint = thrown instanceof MayflyError || thrown instanceof UsageError ? thrown.hint : undefined;
  if (hint !== undefined) lines.push(`hint: ${hint}`);
  return lines.map(printable).join("\n");
}
