import type { Problem } from "./types.generated.ts";

/** Anything that went wrong: what the gateway refused, or what kept the SDK from asking it. */
export class MayflyError extends Error {
  override readonly name: string = "MayflyError";
  /**
   * Stable and machine-readable. From the gateway: its problem's code, for example `denied`. From the SDK:
   * `unreachable`, `insecure_url`, `bad_answer`, `aborted`, `refused`, `withdrawn`, `timed_out`, `not_approved_in_time`,
   * `grant_ended`, `lease_lost`.
   */
  readonly code: string;
  /** What to do about it. */
  readonly hint: string | undefined;
  /** The HTTP status; undefined when no answer came. */
  readonly status: number | undefined;
  /** Of a denial: why, policy by policy. */
  readonly reasons: readonly string[];
  /** The request that it is about, where there is one. */
  readonly request: string | undefined;
  /** Of `sign_in_again`: how long ago, in seconds, one may have signed in at most (RFC 9470). */
  readonly maxAge: number | undefined;
  /** Of `sign_in_again`: where a browser signs in again, one path a way to sign in. */
  readonly signIn: readonly string[];

  constructor(
    code: string,
    message: string,
    more: {
      hint?: string;
      status?: number;
      reasons?: readonly string[];
      request?: string;
      maxAge?: number;
      signIn?: readonly string[];
      cause?: unknown;
    } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.hint = more.hint;
    this.status = more.status;
    this.reasons = more.reasons ?? [];
    this.request = more.request;
    this.maxAge = more.maxAge;
    this.signIn = more.signIn ?? [];
  }
}

/** The error that a problem (RFC 9457) tells of. */
export function errorOf(problem: Problem): MayflyError {
  return new MayflyError(problem.code, problem.detail, {
    status: problem.status,
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
    ...(problem.reasons === undefined ? {} : { reasons: problem.reasons }),
    ...(problem.request === undefined ? {} : { request: problem.request }),
    ...(problem.max_age === undefined ? {} : { maxAge: problem.max_age }),
    ...(problem.sign_in === undefined ? {} : { signIn: problem.sign_in }),
  });
}

/** Whether the same call may succeed a moment later: the gateway is away, stops, or has enough to do. */
export function isPassing(thrown: unknown): boolean {
  if (!(thrown instanceof MayflyError)) return false;
  const { code, status = 0 } = thrown;
  return code === "unreachable" || status === 429 || status >= 500;
}
