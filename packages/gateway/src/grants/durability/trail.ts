import type { AuditRecord } from "../../audit/records.ts";

/** This gateway's own log, read back. */
export interface Trail {
  /** Tells this log from every other. */
  readonly id: string;
  /** The number of the first record written since it was opened. */
  readonly first: number;
  /** The number of the first record that is not written yet. */
  written(): number;
  /** Records from `seq` on, oldest first, at most `limit`. */
  read(seq: number, limit: number): Promise<readonly AuditRecord[]>;
  /** Looks at up to `limit` records from `seq` on and gives back those of a wanted type. */
  scan(
    seq: number,
    limit: number,
    wanted: (type: string) => boolean,
  ): Promise<{ readonly records: readonly AuditRecord[]; readonly next: number }>;
}
