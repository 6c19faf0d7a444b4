import type { Verdict } from "../../gate/protocol.ts";
import type { Compiled } from "./guard/compile.ts";
import type { DatabaseFacts } from "./guard/database.ts";
import type { Effect } from "./guard/effects.ts";
import type { Splice } from "./guard/structure/splices.ts";

/** One act on a PostgreSQL connection: the text of a Query or Parse message, exactly as it goes on. */
export interface PostgresAct {
  readonly sql: string;
  /** What the session's database was found to have; left out where none is asked. */
  readonly database?: DatabaseFacts;
  /** A verdict that was reached before, and by which judge: it holds for that judge's scopes alone. */
  readonly judged?: Judged | undefined;
}

/** A text's verdict. */
export interface Judged {
  /** The judge that reached it, compared by identity. */
  readonly by: object;
  readonly verdict: Verdict<PostgresCover>;
}

/** What covers a permitted text, and what was found out of it on the way: nothing of it is looked up again. */
export interface PostgresCover {
  /** The operations that cover its statements, made ready for judging: name and scope are among what they hold. */
  readonly operations: readonly Compiled[];
  /** What its statements do beyond their own answers, one entry a statement; empty when none does anything. */
  readonly effects: readonly Effect[];
  /** What values may be passed for its parameters, by their numbers from 1; left out: any. */
  readonly bounds?: Bounds;
  /**
   * Where an operation of the grant masks columns: of each statement, what the database has to say about its outputs.
   * Null for FETCH and EXECUTE, whose rows are those of a statement that another operation may cover.
   */
  readonly masks?: readonly (StatementMasks | null)[];
  /** What goes upstream in the place of parts of the text, so that they mean what is granted alone; left out: nothing. */
  readonly splices?: readonly Splice[];
}

/** What is masked of a statement's outputs. */
export interface StatementMasks {
  /** The operation that covers it. */
  readonly operation: string;
  /** Its outputs that are masked columns, in their order: all that it has of that operation's. */
  readonly outputs: readonly MaskedOutput[];
}

/** An output that is a masked column. */
export interface MaskedOutput {
  /** The column's full name. */
  readonly column: string;
  /** What the output is called. */
  readonly name: string;
}

/**
 * How long a value may be that is passed for a parameter: characters, or the members that it has as an array or an object;
 * of a path of SQL/JSON, characters, and it compares no two paths.
 */
export interface Bound {
  readonly of: "characters" | "members" | "path";
  readonly most: number;
}

/** Of a statement's parameters, by number from 1, the bounds of each. */
export type Bounds = readonly (readonly [number: number, bound: Bound])[];
