import type { ListedLog, Stub, VerifyReport } from "@mayfly/audit-verifier";
import type { Clock } from "../kernel/clock.ts";
import type { LogFiles } from "./files/files.ts";
import type { KnownLog } from "./known/known-log.ts";
import type { AuditLog } from "./log.ts";
import type { DroppedRecords } from "./retention/dropped.ts";

/** How an audit log is opened. */
export interface AuditLogOptions {
  /** Made when it does not exist. */
  readonly folder: string;
  /** The log's name: its checkpoints' origin and its key's name. No white space, no plus sign. */
  readonly name: string;
  readonly clock: Clock;
  /** Whether records of acts reach the disk at most 50 ms after the act, or before it. */
  readonly sync: "batched" | "always";
  /** Bytes of its disk that are kept for the ends of what was granted; undefined: a share of the disk. */
  readonly reserve?: number | undefined;
  /** Milliseconds between checkpoints while records come in. */
  readonly checkpointEvery: number;
  /** A file with a checkpoint that the operator keeps elsewhere: the log must contain it. */
  readonly witnessed?: string;
  /** What the store remembers of the log that must be found here. */
  readonly known?: KnownLog;
  /** Told of what went wrong without anybody waiting for it: a checkpoint that failed, a log that does not verify. */
  readonly onProblem?: (message: string) => void;
  /** Told of each new checkpoint once it is on the disk, to be kept elsewhere. */
  readonly onCheckpoint?: (newest: { readonly note: string; readonly size: number }) => void;
  /** Size past which a new file of records is begun, in bytes; 8 MiB when left out. */
  readonly segmentBytes?: number;
  readonly files?: LogFiles;
}

/** An open audit log and what its reader needs. */
export interface OpenedAuditLog {
  readonly log: AuditLog;
  /** Tells this log from every other, whatever its name and its newest key: its first verifier key. */
  readonly id: string;
  readonly folder: string;
  /** The number of the first record that is not written yet. */
  readonly written: () => number;
  /** How many records are known to be on the disk. */
  readonly synced: () => number;
  /** Why it takes no record at all now; undefined when it takes those of ends. */
  readonly failed: () => string | undefined;
  /**
   * The number of the first record written since it was opened. Whoever remembers that number, or a later one, from
   * before remembers a record that a power failure took: the number is another record's now.
   */
  readonly first: number;
  /** The newest signed checkpoint; undefined before the first. */
  readonly checkpoint: () => string | undefined;
  /** Signs a checkpoint of everything written so far. */
  readonly checkpointNow: () => Promise<void>;
  /** The key that verifies the newest checkpoint. */
  readonly verifierKey: string;
  /** A list of these logs and this one, signed with the key of now. */
  readonly signList: (logs: readonly ListedLog[]) => string;
  /** Signs with a new key from now on: announced by a record, vouched for by a checkpoint that both keys sign. */
  readonly rotateKey: () => Promise<void>;
  /** What was archived and dropped. */
  readonly dropped: DroppedRecords;
  /** The file that is written to, and how many of its bytes belong to the log. */
  readonly live: () => { readonly file: string; readonly size: number };
  /** Removes a full file whose drop is on record. @param stub what stands for it */
  readonly removeSegment: (file: string, stub: Stub) => Promise<void>;
  /**
   * The verification of everything that was in the log at start. A large log is open while it runs; should
   * anything not verify, the log takes no further record and says why.
   */
  readonly verified: Promise<VerifyReport | undefined>;
}
