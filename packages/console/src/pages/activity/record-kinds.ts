import type { AuditRecord } from "@mayfly/sdk/browser";

/** The type of a record. */
export type RecordType = AuditRecord["type"];

/** Record types as an auditor thinks of them: one click each. */
export interface RecordKind {
  readonly id: string;
  readonly label: string;
  readonly types: readonly RecordType[];
}

/** Every type stands in exactly one kind; a test compares them with the gateway's own list. */
export const recordKinds: readonly RecordKind[] = [
  {
    id: "break-glass",
    label: "Break-glass",
    types: ["break_glass.activated"],
  },
  {
    id: "requests",
    label: "Requests and approvals",
    types: [
      "request.created",
      "request.denied",
      "request.approved",
      "request.refused",
      "request.withdrawn",
      "request.timed_out",
      "request.escalated",
      "approval.given",
      "approval.refused_to",
      "break_glass.reviewed",
    ],
  },
  {
    id: "grants",
    label: "Grants",
    types: [
      "grant.activated",
      "grant.collected",
      "grant.released",
      "grant.expired",
      "grant.revoked",
      "lease.refused_to",
    ],
  },
  {
    id: "sessions",
    label: "Sessions",
    types: ["session.opened", "session.refused", "session.closed", "session.ended_upstream"],
  },
  { id: "acts", label: "Acts", types: ["act.intent", "act.denied", "act.outcome"] },
  {
    id: "people",
    label: "Sign-in",
    types: ["authentication.refused", "sign_in.succeeded", "sign_in.refused", "sign_out"],
  },
  { id: "signals", label: "Signals", types: ["signal.received", "signal.refused"] },
  { id: "lockdown", label: "Lock-down", types: ["lockdown.started", "lockdown.lifted"] },
  {
    id: "probes",
    label: "Probes",
    types: ["probe.offered", "probe.started", "probe.refused", "path.probed"],
  },
  {
    id: "gateway",
    label: "Configuration and log",
    types: [
      "configuration.loaded",
      "configuration.refused",
      "log.opened",
      "log.closed",
      "log.recovered",
      "log.key_rotated",
      "store.reconciled",
      "log.replaced",
      "log.segment_dropped",
      "log.hold_placed",
      "log.hold_lifted",
      "log.listed",
      "log.retired",
      "log.returned",
    ],
  },
];

const known: ReadonlySet<string> = new Set(recordKinds.flatMap(({ types }) => types));

/** Whether a text is the name of a record type. */
export function isRecordType(text: string): text is RecordType {
  return known.has(text);
}

/** The kind that consists of exactly these types, if there is one. */
export function kindOf(types: readonly RecordType[]): RecordKind | undefined {
  return recordKinds.find(
    (kind) => kind.types.length === types.length && kind.types.every((type) => types.includes(type)),
  );
}
