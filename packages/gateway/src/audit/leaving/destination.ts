/** A checkpoint on its way out. */
export interface LeavingCheckpoint {
  /** The log's name, as the note says it. */
  readonly origin: string;
  /** How many records it covers. */
  readonly size: number;
  /** The signed note, with the cosignatures that are known. */
  readonly note: string;
}

/** What a destination must do; it knows nothing of schedules. */
export interface Destination {
  /**
   * Brings one checkpoint there, and makes sure that it is there. A second time does no harm.
   * @param signal ends the attempt
   * @throws Error in words that hold no secret and nothing that the other side chose but codes
   */
  deliver(checkpoint: LeavingCheckpoint, signal: AbortSignal): Promise<void>;
  /** Lets go of its connections. */
  close(): Promise<void> | void;
}

/** A witness has an answer, too. */
export interface WitnessPort extends Destination {
  /** Its signature line on the newest checkpoint that it cosigned. */
  readonly cosigned: () => { readonly size: number; readonly line: string } | undefined;
}

/** The name of the file or object that holds one checkpoint: in the order of their sizes. */
export function nameOfCheckpoint({ size }: Pick<LeavingCheckpoint, "size">): string {
  return `${String(size).padStart(16, "0")}.checkpoint`;
}
