import { MayflyError, messageOf } from "../kernel/errors.ts";

/** The audit log cannot take records now; whatever they would have announced must not happen. */
export class LogUnavailable extends MayflyError {
  constructor(why: string, cause?: unknown) {
    super("log_unavailable", `the audit log cannot take records: ${why}`, {
      status: 503,
      hint: "nothing is done that cannot be recorded; the operator must see to the log's disk, then service resumes by itself",
      cause,
    });
  }
}

/** What went wrong, in words that name files relative to the log's folder. */
export function wordsIn(folder: string, error: unknown): string {
  return messageOf(error).replaceAll(`${folder}/`, "");
}
