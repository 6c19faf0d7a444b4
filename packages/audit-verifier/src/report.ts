/** Something wrong with a log, and where. */
export interface Problem {
  /** Relative to the log's folder. */
  readonly file: string;
  /** From 1; undefined when it concerns the file as a whole. */
  readonly line?: number;
  readonly message: string;
  readonly hint?: string;
}

/** What verification found. */
export interface VerifyReport {
  /**
   * `whole`: everything verifies. `incomplete`: nothing is known to be altered, but payloads are gone, or no
   * checkpoint proves anything. `broken`: something does not verify.
   */
  readonly verdict: "whole" | "incomplete" | "broken";
  readonly records: number;
  /**
   * The last record that could be read: up to when the report speaks. A log that ends with anything but
   * `log.closed` is being written, was cut off by a crash, or was shortened: its files cannot tell.
   */
  readonly last: { readonly seq: number; readonly time: string; readonly type: string } | undefined;
  readonly checkpoints: number;
  /** The newest checkpoint that verified, whole. */
  readonly checkpoint: string | undefined;
  /** Of each witness that was named: the newest checkpoint kept outside that it cosigned and the log contains. */
  readonly cosigned: readonly Cosigned[];
  /** Records after the newest checkpoint: nothing proves yet that they are unaltered. */
  readonly uncovered: number;
  /** Records of files that were archived and dropped: their hashes are in the tree, they themselves were not read. */
  readonly dropped: number;
  /** Records that were read from the archive. */
  readonly archived: number;
  /** Acts whose outcome is unknown: an intent without an outcome. The first thousand of them. */
  readonly unknown: readonly number[];
  readonly unknownCount: number;
  /** Payloads found and whole. */
  readonly payloads: number;
  /** Payloads that records refer to and that are gone. The first thousand of them. */
  readonly missingPayloads: readonly (Problem & { readonly payload: string })[];
  readonly missingPayloadCount: number;
  /** The first thousand. */
  readonly problems: readonly Problem[];
  readonly problemCount: number;
  /** What is worth knowing and proves nothing wrong: a clock stepped back, a last line cut short. */
  readonly notes: readonly Problem[];
}

/** A witness's word that it saw the log at a size. */
export interface Cosigned {
  /** The witness's name. */
  readonly witness: string;
  readonly records: number;
  /** RFC 3339, by the witness's clock. */
  readonly time: string;
}

/** How many entries a list of the report holds at most. */
const listed = 1000;

/** Collects a list of bounded length and an unbounded count. */
export interface Collected<T> {
  readonly items: T[];
  count: number;
}

export function collected<T>(): Collected<T> {
  return { items: [], count: 0 };
}

/** Adds to a bounded list. */
export function collect<T>(list: Collected<T>, item: T): void {
  list.count += 1;
  if (list.items.length < listed) list.items.push(item);
}

/** A problem as one line: `file:line: message`, and its hint below. */
export function formatProblem(problem: Problem): string {
  const place = problem.line === undefined ? problem.file : `${problem.file}:${problem.line}`;
  return `${place}: ${problem.message}${problem.hint === undefined ? "" : `\n  hint: ${problem.hint}`}`;
}
