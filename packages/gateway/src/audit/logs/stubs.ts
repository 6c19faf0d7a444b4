import { joinRecord, type StoredRecord } from "@mayfly/audit-verifier";
import type { AuditRecord } from "../records.ts";
import type { IndexedAct } from "./port.ts";

/**
 * An act that the index alone tells of, with what its session's opening record says for it.
 * @param log the name of the log that holds the rest
 */
export function stubOf({ seq, type, time, opening }: IndexedAct, log: string): AuditRecord {
  const opened = JSON.parse(opening) as StoredRecord;
  const stored = { seq, time: new Date(time).toISOString(), type, session: opened.seq, detail: {} };
  const joined = joinRecord(stored as unknown as StoredRecord, () => opened) as AuditRecord;
  return { ...joined, detail: { ...joined.detail, body_at: log } };
}
