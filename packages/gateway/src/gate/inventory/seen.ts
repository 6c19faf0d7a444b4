/** An act that a log or another record of a target says was done, or several that are alike. */
export interface SeenAct {
  /** The act as text, in the form that the protocol's `trial` takes. */
  readonly act: string;
  /** Who did it, as the source names them; empty: it does not say. */
  readonly by: string;
  /** The part of the target that it was done in, a database for example; left out: the source does not say. */
  readonly within?: string;
  /** Milliseconds since the epoch; left out: the source does not say. */
  readonly at?: number;
  /** How often: 1, but for sources that count. */
  readonly times: number;
}

/**
 * What of an act a record of Mayfly's own says: the act; a text that is kept beside the log under a digest; or why neither is
 * there. Undefined: it is another kind of act, which needs nothing of a scope by itself.
 */
export type Recorded =
  | { readonly act: string }
  | { readonly payload: string }
  | { readonly why: string }
  | undefined;

/** What a source's reader comes upon, in the source's order. */
export type Found =
  | { readonly kind: "act"; readonly act: SeenAct }
  /** Something that should have been an act, or a line at all, and cannot be read. */
  | { readonly kind: "unread"; readonly line: number; readonly why: string }
  /** An act that failed at the target, so that nobody needs it. */
  | { readonly kind: "failed" };

/** A format in which targets, or what stands before them, record what is done. */
export interface ActSource {
  /** Its name in the command's options, for example `postgres-json`. */
  readonly format: string;
  /** Whether a text that begins so is in this format. @param beginning the first characters, 65,536 at most */
  recognizes(beginning: string): boolean;
  /**
   * Reads a text of any length as a stream: what is kept of it in memory is bounded. It never throws for what the text
   * holds; what cannot be read is told as `unread`.
   */
  read(text: AsyncIterable<string>): AsyncIterable<Found>;
}
