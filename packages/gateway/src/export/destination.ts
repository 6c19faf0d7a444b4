/** A record on its way out. */
export interface OutgoingRecord {
  readonly seq: number;
  /** When it was written, milliseconds since the epoch. */
  readonly at: number;
  readonly type: string;
  /** One JSON object without line breaks, in the destination's format. */
  readonly text: string;
}

/** What goes out in one piece, oldest first. */
export interface Batch {
  readonly records: readonly OutgoingRecord[];
  /** The number behind the last record that it stands for. */
  readonly next: number;
}

/** Records that the destination refused for what they are, while it took others. */
export interface RefusedRecords {
  readonly count: number;
  readonly why: string;
}

/** What came of handing something over. */
export type Handover =
  /** Everything below `delivered` has arrived. */
  | { readonly kind: "delivered"; readonly delivered: number; readonly refused?: RefusedRecords }
  /** It is on its way: `settle` tells when it has arrived. */
  | { readonly kind: "pending"; readonly refused?: RefusedRecords }
  /** Nothing was sent: too much is on its way already. */
  | { readonly kind: "full" }
  /** Whatever has not been reported as delivered is to be sent again. The words hold no secret. */
  | { readonly kind: "failed"; readonly why: string; readonly retryAfter?: number };

/**
 * Where records go. One call at a time, in the order of the log. Whatever fails is told by the result: nothing throws.
 */
export interface Destination {
  send(batch: Batch, signal: AbortSignal): Promise<Handover>;
  /**
   * Called between batches, and several times a second when there is nothing to send: tells what has arrived since, or
   * that what was sent may be lost. Left out where `send` waits for the answer.
   */
  settle?(signal: AbortSignal): Promise<Handover>;
  /** Lets go of files and connections. */
  close(): Promise<void>;
}
