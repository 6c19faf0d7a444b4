import type { AuditRecord, RecordType } from "./records.ts";

/** What can be asked of the index. Every member narrows. */
export interface AuditQuery {
  readonly types?: readonly RecordType[];
  /** Part of the principal's name, subject or client. */
  readonly principal?: string;
  readonly connection?: string;
  readonly request?: string;
  readonly grant?: string;
  readonly session?: string;
  /** `permit` or `deny`. */
  readonly decision?: string;
  /** Words found anywhere in the record. */
  readonly text?: string;
  /** Milliseconds since the epoch. */
  readonly from?: number;
  readonly to?: number;
  /** Only records below this sequence number: for paging, newest first. */
  readonly before?: number;
  readonly limit: number;
}

/** The searchable copy of the log; it can be emptied and built again from the files. */
export interface AuditIndex {
  insert(records: readonly AuditRecord[]): Promise<void>;
  /** The highest sequence number held, or -1. */
  last(): Promise<number>;
  search(query: AuditQuery): Promise<readonly AuditRecord[]>;
  clear(): Promise<void>;
}

/** What the API shows of the log. */
export interface AuditReader {
  /** Newest first. Waits until the index has caught up with the records written so far. */
  search(query: AuditQuery): Promise<readonly AuditRecord[]>;
  /** Records from `seq` on, oldest first, at most `limit`; straight from the files. */
  read(seq: number, limit: number): Promise<readonly AuditRecord[]>;
  /** The newest signed checkpoint (C2SP tlog-checkpoint), and the key it verifies with (C2SP signed-note verifier key). */
  checkpoint(): Promise<string>;
  readonly verifierKey: string;
}
