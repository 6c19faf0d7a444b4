import type { AuditRecord, RecordType } from "../records.ts";

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

/** Reads records from the log's files, in full, by their numbers. What is not there is left out; in no order. */
export type ReadRecords = (seqs: readonly number[]) => Promise<readonly AuditRecord[]>;

/** What finds records in the log; it can be emptied and built again from the files. */
export interface AuditIndex {
  /**
   * @param records in full
   * @param openings of the acts among them that their session's opening record speaks for: its number, by theirs. That
   * record is in the index, or among these.
   */
  insert(records: readonly AuditRecord[], openings?: ReadonlyMap<number, number>): Promise<void>;
  /** The highest sequence number held, or -1. */
  last(): Promise<number>;
  /** Newest first. @param read gives the acts, of which the index has the numbers alone */
  search(query: AuditQuery, read: ReadRecords): Promise<readonly AuditRecord[]>;
  /** How each connection and operation was used in the whole hours that end after `from` (milliseconds since the epoch). */
  usage(from: number): Promise<readonly Usage[]>;
  /** How much was done in each whole hour that ends after `from` (milliseconds since the epoch), oldest first. */
  hours(from: number): Promise<readonly HourOfUse[]>;
  /** How many records of each of these types there are since `from`, of those that are no acts; left out: none. */
  counts(from: number, types: readonly RecordType[]): Promise<ReadonlyMap<string, number>>;
  /** How many acts each of these grants let through and denied, in all logs that share the store; none: zero. */
  actsOf(grants: readonly string[]): Promise<ReadonlyMap<string, ActCounts>>;
  /** Forgets the records from a number on and below another, but for those of some numbers: they were dropped. */
  forget(from: number, to: number, but: readonly number[]): Promise<void>;
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

/** What was done in one whole hour. */
export interface HourOfUse {
  /** When it began, milliseconds since the epoch. */
  readonly at: number;
  readonly grants: number;
  readonly acts: number;
  readonly denied: number;
}

/** A record with the proof that a checkpoint covers it. */
export interface ProvedLine {
  readonly seq: number;
  /** The record as it stands in the log, without its newline. */
  readonly line: string;
  /** Inclusion proof (RFC 9162, section 2.1.3.1), leaf to root, base64. */
  readonly proof: readonly string[];
}

/** Records with the proof that a checkpoint covers them. */
export interface AuditProofs {
  /** The signed note. */
  readonly checkpoint: string;
  /** Newest first. */
  readonly entries: readonly ProvedLine[];
  /** Further records that these refer to, an act to its session's opening record say; oldest first. */
  readonly referenced: readonly ProvedLine[];
}

/** Records that are in the archive alone. */
export interface Archived {
  readonly records: number;
  /** When the newest of them was written. */
  readonly to: string;
}

/** What a search of one log has found. */
export interface FoundInLog {
  /** Newest first. */
  readonly records: readonly AuditRecord[];
  /** Whether the index had not caught up with what was written before the search, below `before`: some of that may be missing. */
  readonly isBehind: boolean;
}

/** What the API shows of the log. */
export interface AuditReader {
  /**
   * Waits until the index has caught up with the records written so far, those below `before`; two seconds at most.
   * @param signal stops it before it reads on
   */
  search(query: AuditQuery, signal?: AbortSignal): Promise<FoundInLog>;
  /** The number behind the last record that is written: a search that is not behind has all below it. */
  readonly end: number;
  /** What was archived and is not searched any more: how many records, and the time of the newest; undefined: nothing. */
  readonly archived: Archived | undefined;
  /** Records from `seq` on, oldest first, at most `limit`; straight from the files. */
  read(seq: number, limit: number): Promise<readonly AuditRecord[]>;
  /** Waits until the index has caught up, as `search` does. See AuditIndex. */
  usage(from: number): Promise<readonly Usage[]>;
  /** Wait until the index has caught up, as `search` does. See AuditIndex. */
  hours: AuditIndex["hours"];
  counts: AuditIndex["counts"];
  /** Waits until the index has caught up, as `search` does. See AuditIndex. */
  actsOf(grants: readonly string[]): Promise<ReadonlyMap<string, ActCounts>>;
  /**
   * The records below `before` (left out: below the newest checkpoint's size), newest first, proved against it.
   * @throws MayflyError of status 503 when they cannot be proved now
   */
  proofs(before: number | undefined, limit: number): Promise<AuditProofs>;
  /** What each key of the log signed for the next (notes), oldest first. */
  rotations(): Promise<readonly string[]>;
  /** What is kept beside the log under `sha256:…`; undefined where it is not there. See readPayload. */
  payload(digest: string): Promise<Buffer | undefined>;
  /** The newest signed checkpoint (C2SP tlog-checkpoint), and the key it verifies with (C2SP signed-note verifier key). */
  checkpoint(): Promise<string>;
  readonly verifierKey: string;
}
