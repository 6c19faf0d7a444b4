export { MAX_REPEATED_BACK } from "@mayfly/audit-verifier";
import type { Json } from "../kernel/canonical.ts";

/** What a record tells of. One list: the index, the exports and the CLI all read it. */
export const recordTypes = [
  "log.opened",
  "log.closed",
  "log.recovered",
  "log.key_rotated",
  "log.replaced",
  "log.segment_dropped",
  "log.hold_placed",
  "log.hold_lifted",
  "log.listed",
  "log.retired",
  "log.returned",
  "configuration.loaded",
  "configuration.refused",
  "authentication.refused",
  "sign_in.succeeded",
  "sign_in.refused",
  "sign_out",
  "signal.received",
  "signal.refused",
  "request.created",
  "request.denied",
  "request.approved",
  "request.refused",
  "request.withdrawn",
  "request.timed_out",
  "request.escalated",
  "approval.given",
  "approval.refused_to",
  "grant.activated",
  "break_glass.activated",
  "break_glass.reviewed",
  "grant.collected",
  "lease.refused_to",
  "grant.released",
  "grant.expired",
  "grant.revoked",
  "lockdown.started",
  "lockdown.lifted",
  "probe.offered",
  "probe.started",
  "probe.refused",
  "path.probed",
  "store.reconciled",
  "session.opened",
  "session.refused",
  "session.closed",
  "session.ended_upstream",
  "act.intent",
  "act.denied",
  "act.outcome",
] as const;

/** The type of a record. */
export type RecordType = (typeof recordTypes)[number];

/**
 * What is recorded in the last of the disk: ends, what frees room or must not be dropped for it, what the log says of itself,
 * and the coming of people who end things. A type that is not here begins something, or tells of an attempt, of which there
 * may be any number.
 */
export const recordedInReserve: ReadonlySet<RecordType> = new Set([
  "log.opened",
  "log.closed",
  "log.recovered",
  "log.key_rotated",
  "log.replaced",
  "log.segment_dropped",
  "log.hold_placed",
  "log.hold_lifted",
  "log.listed",
  "log.retired",
  "log.returned",
  "configuration.loaded",
  "sign_in.succeeded",
  "sign_out",
  "signal.received",
  "request.refused",
  "request.withdrawn",
  "request.timed_out",
  // A person's no as well as a yes, once a request; a yes alone gives nobody anything.
  "approval.given",
  "grant.released",
  "grant.expired",
  "grant.revoked",
  "lockdown.started",
  "store.reconciled",
  "session.closed",
  "session.ended_upstream",
  "act.outcome",
]);

/** Who did it: the principal and whoever stands behind it. */
export interface RecordPrincipal {
  readonly kind: "agent" | "person" | "system";
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
  /** Of a person: the provider's own id (Okta's `uid`), which no renaming changes. */
  readonly uid?: string;
  /** The OAuth client of an agent that acts for somebody: the agent's own id. */
  readonly client?: string;
  /** The person whom an agent acts for, where there is one. */
  readonly person?: string;
  /** The provider's own id of that person. */
  readonly person_uid?: string;
  /** The `act` chain (RFC 8693, section 4.1), nearest actor first. */
  readonly actors?: readonly string[];
}

/** What all records about one thing share. Every field that applies is filled in. */
export interface RecordContext {
  readonly principal?: RecordPrincipal;
  readonly request?: string;
  readonly grant?: string;
  readonly session?: string;
  readonly connection?: string;
  readonly operations?: readonly string[];
  readonly policy?: string;
  /** Digest of the configuration in force. */
  readonly configuration?: string;
}

/** A record before the log gives it its sequence number and time. */
export interface NewRecord extends RecordContext {
  readonly type: RecordType;
  /** What was done or decided; its shape belongs to the type. Never holds a secret or a masked value. */
  readonly detail: { readonly [name: string]: Json | undefined };
}

/** A record as a line of the log holds it: canonical JSON (RFC 8785), one a line. */
export interface AuditRecord extends NewRecord {
  /** Position in the log, from 0; also the leaf's index in the Merkle tree. */
  readonly seq: number;
  /** When, as RFC 3339 with milliseconds, UTC. */
  readonly time: string;
}
