import { MayflyError } from "../kernel/errors.ts";

/** Why a token or a report is refused; for the log alone. */
export type ProbeRefusal =
  | "malformed"
  | "unknown"
  | "wrong"
  | "used"
  | "expired"
  | "late"
  | "other_principal"
  | "other_key"
  | "unsigned"
  | "other_address";

/** A token or a report that is refused: whoever sent it is not told why. */
export class ProbeRefused extends MayflyError {
  readonly reason: ProbeRefusal;
  /** The probe, where one is known. */
  readonly probe: string | undefined;

  constructor(
    code: "probe_token_refused" | "probe_report_refused" | "probe_report_unsigned",
    message: string,
    hint: string,
    reason: ProbeRefusal,
    probe?: string,
  ) {
    super(code, message, { status: 403, hint });
    this.reason = reason;
    this.probe = probe;
  }
}

export function tokenRefused(reason: ProbeRefusal, probe?: string): ProbeRefused {
  return new ProbeRefused(
    "probe_token_refused",
    "the probe's token is not good, or not any more",
    "a token is good for one start within 15 minutes: have an operator make a new one",
    reason,
    probe,
  );
}

export function reportRefused(reason: ProbeRefusal, probe?: string): ProbeRefused {
  return new ProbeRefused(
    "probe_report_refused",
    "no report is taken for this nonce from here",
    "a probe is reported once, within 15 minutes, by whoever started it, under the same key and from the same address: start another one",
    reason,
    probe,
  );
}

/** A report that the key of its token did not sign. */
export function reportUnsigned(): ProbeRefused {
  return new ProbeRefused(
    "probe_report_unsigned",
    "your access token is bound to a key, and the report is not signed with it",
    "update the mayfly command on this host to the gateway's version, and probe again with a new probe token; a client of your own sends a DPoP proof with the claim body_sha256, the SHA-256 of the body in base64url",
    "unsigned",
  );
}

/** Too many offers wait. */
export function tooManyProbes(max: number): MayflyError {
  return new MayflyError("too_many_probes", `${max} probes are offered and not begun`, {
    status: 429,
    hint: "use one of their tokens, or try again when some have expired: each does within 15 minutes",
  });
}

/** A lock-down is in force. */
export function lockedDown(reason: string): MayflyError {
  return new MayflyError("locked_down", `Mayfly is locked down: ${reason}`, {
    status: 503,
    hint: "an operator has to lift the lock-down; ask again then",
  });
}

/** Awaits a call to the store; its failure becomes `store_unavailable`. */
export async function stored<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof MayflyError) throw error;
    throw new MayflyError("store_unavailable", "the store does not answer now", {
      status: 503,
      hint: "try again when the store is back; an operator may have to make a new token",
      cause: error,
    });
  }
}
