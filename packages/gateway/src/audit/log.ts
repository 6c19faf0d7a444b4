import type { NewRecord } from "./records.ts";

/**
 * The audit log as the rest of Mayfly writes to it. Records are queued in the order of `append`, and `flush`
 * hands all that is queued to the operating system with one write.
 */
export interface AuditLog {
  /**
   * Queues one record.
   * @returns its sequence number
   * @throws LogUnavailable when the log cannot take records now; nothing is queued then
   */
  append(record: NewRecord): number;
  /**
   * A writer for the records of one session's acts.
   * @param opened number of the session's opening record, which is written already and says what they share
   */
  writer(opened: number): ActWriter;
  /**
   * Writes what is too bulky for a record beside the log, under its SHA-256.
   * @returns a reference for the record that is to hold it, soon
   * @throws LogUnavailable
   */
  payload(bytes: Buffer): { readonly bytes: number; readonly payload: string };
  /**
   * Writes everything queued with one write, so that it survives the process.
   * @throws LogUnavailable when the write failed: every record queued since the last flush is then gone, its
   * numbers are used again, and whatever they announced must not happen
   */
  flush(): void;
  /**
   * Flushes and waits until everything written so far is on the disk (fdatasync); concurrent calls share one.
   * @throws LogUnavailable
   */
  sync(): Promise<void>;
  /**
   * How many times queued records were dropped because a write failed. Whoever queued records before and acts on
   * them after compares: someone else's flush in the same turn may have failed.
   */
  readonly losses: number;
  /** Whether the log takes records now; `undefined` when it does, else why not. */
  readonly unavailable: string | undefined;
  /** Writes a final checkpoint, syncs and closes. */
  close(): Promise<void>;
}

/** Writes the records of one session's acts; made for the hot path. */
export interface ActWriter {
  /**
   * Queues one record.
   * @param detail the `detail` member as canonical JSON text, built by the caller
   * @returns its sequence number
   * @throws LogUnavailable
   */
  append(type: "act.intent" | "act.denied" | "act.outcome", detail: string): number;
  /** The time of the newest record, milliseconds since the epoch: whoever appended need not ask the clock again. */
  readonly at: number;
  /** What the newest record takes, with what stands beside it for it, bytes. */
  readonly bytes: number;
}
