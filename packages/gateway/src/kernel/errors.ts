/**
 * The base of every error that a person or an agent may read. It knows its code, its HTTP status and its hint.
 * The message must never hold a secret.
 */
export class MayflyError extends Error {
  override readonly name: string = "MayflyError";
  /** A stable, machine-readable code in snake case, for example `grant_expired`. */
  readonly code: string;
  /** The HTTP status under which the API reports it. */
  readonly status: number;
  /** What the reader can do about it. */
  readonly hint: string | undefined;

  constructor(code: string, message: string, more: { status?: number; hint?: string; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.status = more.status ?? 400;
    this.hint = more.hint;
  }
}

/** The message of anything thrown, for logs. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
