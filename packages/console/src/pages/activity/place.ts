import type { AuditRecord } from "@mayfly/sdk/browser";

/** What tells a record from all others: its number, and where gateways share a store its log. */
export function placeOf({ log, seq }: Pick<AuditRecord, "log" | "seq">): string {
  return log === undefined ? String(seq) : `${log} ${seq}`;
}

/** Oldest first: of one log by their numbers, of several by their times. */
export function byPlace(a: AuditRecord, b: AuditRecord): number {
  if (a.log === undefined || b.log === undefined) return a.seq - b.seq;
  const apart = Date.parse(a.time) - Date.parse(b.time);
  if (apart !== 0) return apart;
  if (a.log !== b.log) return a.log < b.log ? -1 : 1;
  return a.seq - b.seq;
}
