import type { Lockdown } from "../grants.ts";
import type { AccessRequest, Grant } from "../types.ts";

/** What a log has yet to record. */
export interface Owed {
  readonly grants: readonly Grant[];
  readonly requests: readonly AccessRequest[];
  readonly lockdowns: readonly Lockdown[];
}

/** How far a log and the store agree. */
export interface Progress {
  /** Number of the first record that the store may not agree with yet. */
  readonly position: number;
  /** The newest time that the gateway of that log has seen, milliseconds since the epoch. */
  readonly seenAt: number;
}
