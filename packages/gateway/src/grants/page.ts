/** A page of a list, newest first. */
export interface Page {
  /** An id from an earlier page: only what is older than it. */
  readonly before?: string;
  /** At most 500, which is also the default. */
  readonly limit?: number;
}

/** The largest page of a list. */
const MAX_LISTED = 500;

export function pageOf({ before, limit = MAX_LISTED }: Page): {
  readonly before?: string;
  readonly limit: number;
} {
  const bounded = Math.min(Math.max(Math.trunc(limit), 1), MAX_LISTED);
  return { limit: bounded, ...(before === undefined ? {} : { before }) };
}
