import type { AuditRecord, RecordType } from "./records.ts";

/** What can be asked of the index. Every member narrows. */
export interface AuditQuery {
  readonly types?: readonly RecordType[];
  /** Part of the principal's name, subject or client. */
  readonly principal?: string;
  readonly connection?: string;
  /** `connection/operation`, or an operation's name alone. */
  readonly operation?: string;
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
  /** How each connection and operation was used in the whole hours that end after `from` (milliseconds since the epoch). */
  usage(from: number): Promise<readonly Usage[]>;
  /** How many acts each of these grants let through and denied, in all logs that share the store; none: zero. */
  actsOf(grants: readonly string[]): Promise<ReadonlyMap<string, ActCounts>>;
  clear(): Promise<void>;
}

/** What was done with a grant. */
export interface ActCounts {
  readonly acts: number;
  readonly denied: number;
}

/** How much a connection, or one operation on it, was used. */
export interface Usage {
  readonly connection: string;
  /** The operation that permitted the acts; absent in the connection's row of grants and denials. */
  readonly operation?: string;
  /** Grants activated. */
  readonly grants: number;
  /** Acts permitted. */
  readonly acts: number;
  readonly denied: number;
  /** When it was used last: an act that was permitted. Milliseconds since the epoch. */
  readonly lastAt?: number;
}

/** Records with the proof that a checkpoint covers them. */
export interface AuditProofs {
  /** The signed note. */
  readonly checkpoint: string;
  /** Newest first. */
  readonly entries: readonly {
    readonly seq: number;
    /** The record as it stands in the log, without its newline. */
    readonly line: string;
    /** Inclusion proof (RFC 9162, section 2.1.3.1), leaf to root, base64. */
    readonly proof: readonly string[];
  }[];
}

/** What the API shows of the log. */
export interface AuditReader {
  /** Newest first. Waits until the index has caught up with the records written so far. */
  search(query: AuditQuery): Promise<readonly AuditRecord[]>;
  /** Records from `seq` on, oldest first, at most `limit`; straight from the files. */
  read(seq: number, limit: number): Promise<readonly AuditRecord[]>;
  /** Waits until the index has caught up, as `search` does. See AuditIndex. */
  usage(from: number): Promise<readonly Usage[]>;
  /** Waits until the index has caught up, as `search` does. See AuditIndex. */
  actsOf(grants: readonly string[]): Promise<ReadonlyMap<string, ActCounts>>;
  /**
   * The records below `before` (left out: below the newest checkpoint's size), newest first, proved against it.
   * @throws MayflyError of status 503 when they cannot be proved now
   */
  proofs(before: number | undefined, limit: number): Promise<AuditProofs>;
  /** The newest signed checkpoint (C2SP tlog-checkpoint), and the key it verifies with (C2SP signed-note verifier key). */
  checkpoint(): Promise<string>;
  readonly verifierKey: string;
}
