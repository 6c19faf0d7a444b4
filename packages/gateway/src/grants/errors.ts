import { MayflyError } from "../kernel/errors.ts";

/** The request is malformed. */
export function invalid(message: string, hint?: string): MayflyError {
  return new MayflyError("invalid_request", message, {
    status: 400,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Unknown, or not visible to the caller: both read the same, so that ids cannot be probed. */
export function notFound(what: string, id: string): MayflyError {
  return new MayflyError("not_found", `no ${what} ${id.slice(0, 80)}`, {
    status: 404,
    hint: `list the ${what}s that you can see`,
  });
}

/** Known, but the caller may not do this. */
export function forbidden(message: string, hint: string): MayflyError {
  return new MayflyError("forbidden", message, { status: 403, hint });
}

/** Too late, or somebody else was faster. */
export function conflict(code: string, message: string, hint: string): MayflyError {
  return new MayflyError(code, message, { status: 409, hint });
}

/** A lock-down is in force. */
export function lockedDown(reason: string): MayflyError {
  return new MayflyError("locked_down", `Mayfly is locked down: ${reason}`, {
    status: 503,
    hint: "an operator has to lift the lock-down; ask again then",
  });
}

/** The requester's current groups are unknown. */
export function groupsUnknown(why: string): MayflyError {
  return new MayflyError("groups_unknown", `nothing new can be granted now: ${why}`, {
    status: 503,
    hint: "try again in a moment; the gateway's operator finds in its log what is wrong",
  });
}

/** The audit log could not take the records. */
export function logUnavailable(cause: unknown, happened: string): MayflyError {
  return new MayflyError("log_unavailable", `the audit log cannot take records now; ${happened}`, {
    status: 503,
    hint: "try again when the log's disk has recovered",
    cause,
  });
}

/** The store did not answer, or not in time. */
export function storeUnavailable(cause: unknown, happened: string): MayflyError {
  return new MayflyError("store_unavailable", `the store does not answer now; ${happened}`, {
    status: 503,
    hint: "try again when the store is back",
    cause,
  });
}

/** The gateway must not serve anything new. @param why for people */
export function unsoundNow(why: string): MayflyError {
  return new MayflyError("store_unavailable", `this gateway serves nothing new now: ${why}`, {
    status: 503,
    hint: "another gateway may serve; an operator has to mend this one",
  });
}

/** Awaits a call to the store that changes nothing; its failure becomes `store_unavailable`. */
export async function reading<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw error instanceof MayflyError ? error : storeUnavailable(error, "nothing has changed");
  }
}
