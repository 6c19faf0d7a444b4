import type { Archived, AuditQuery } from "../index/port.ts";
import type { AuditRecord } from "../records.ts";

/** A log of the deployment, as the store has it. */
export interface NumberedLog {
  /** Its number in the store, which cursors use. */
  readonly number: number;
  /** The name that its gateway, or worker, has now: `audit.name`. */
  readonly name: string;
  /** Its id: its first verifier key. */
  readonly id: string;
}

/** A log, and how far its gateway has said that it has come. */
export interface ToldLog extends NumberedLog {
  /** So many records, as the store was told last: at each start before anybody is served, then every few seconds. */
  readonly records: number;
}

/** What one log's gateway asks another's. */
export type LogQuestion =
  | { readonly kind: "search"; readonly query: AuditQuery }
  /** Acts by their numbers, for whoever follows. */
  | { readonly kind: "read"; readonly seqs: readonly number[] }
  | { readonly kind: "payload"; readonly digest: string };

/** Questions wait in lanes: none for one of another lane. */
export const LANES = ["search", "read"] as const;
export type Lane = (typeof LANES)[number];

/** A question that a log was put. */
export interface PutQuestion {
  readonly id: string;
  /** As it stands in the store, which others write, too. */
  readonly body: string;
  /** For how long it has waited, milliseconds. */
  readonly age: number;
}

/** Questions between the gateways that share a store, which hands them on. */
export interface LogQuestions {
  /** Asks, and tells those that listen. */
  ask(
    questions: readonly {
      readonly id: string;
      readonly log: string;
      readonly lane: Lane;
      readonly body: string;
    }[],
  ): Promise<void>;
  /** What was answered, by the questions' ids. */
  answers(ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Removes questions with their answers. */
  forget(ids: readonly string[]): Promise<void>;
  /** Removes what nobody has taken back for long: whoever asked was killed. */
  forgetOld(): Promise<void>;
  /** What a log was asked in a lane and has not answered, the oldest for which somebody still waits. */
  next(log: string, lane: Lane): Promise<PutQuestion | undefined>;
  answer(id: string, body: string): Promise<void>;
}

/** A record in a list of records of several logs. */
export interface LoggedRecord extends AuditRecord {
  /** The log's name; left out where there is one log alone. */
  readonly log?: string;
}

/** What an answer may lack of a log. */
export const LACKS = ["acts", "bodies", "newest"] as const;
export type Lack = (typeof LACKS)[number];

/** A log of which an answer may lack something. */
export interface PartialLog {
  readonly log: string;
  /** Whether acts may be missing, or what they say, or whatever was recorded last. */
  readonly lacks: Lack;
  readonly reason: string;
}

/** A log that an operator has given up: of it an answer lacks something for good. */
export interface RetiredLog extends Pick<PartialLog, "log" | "lacks"> {
  /** Who gave it up, by name. */
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What a search of all logs has found. */
export interface FoundRecords {
  /** Newest first. */
  readonly records: readonly LoggedRecord[];
  /** Where the next page goes on; undefined: this was the last. */
  readonly next?: string;
  /** What was archived and is not searched. */
  readonly archived?: Archived;
  readonly partial: readonly PartialLog[];
  /** Logs that would be under `partial`, had nobody given them up; left out: there are none. */
  readonly retired?: readonly RetiredLog[];
  /** Where events go on after this page, if it was the first; undefined: there is nothing to go on after. */
  readonly after?: string;
}

/** What to look for in all logs. */
export interface LogsQuery extends Omit<AuditQuery, "before"> {
  /** A log's name: that one alone. */
  readonly log?: string;
  /** The cursor of the page before; or a number, of the log that is named, else of the gateway's own. */
  readonly before?: string;
}

/** All logs of the gateways that share a store. */
export interface AuditLogs {
  /**
   * The records that meet a query, newest first, of all logs.
   * @throws MayflyError of status 404 where a log is named that there is none of
   */
  search(query: LogsQuery): Promise<FoundRecords>;
  /** What is kept beside any log under `sha256:…`. */
  payload(digest: string): Promise<Buffer | undefined>;
}

/** An act, of which the index has no more than this. */
export interface IndexedAct {
  readonly seq: number;
  readonly type: string;
  /** About when, milliseconds since the epoch. */
  readonly time: number;
  /** Its session's opening record, as JSON. */
  readonly opening: string;
}

/** A log and how far the store has it. */
export interface IndexedLog extends NumberedLog {
  /** The number behind the last record that the index has. */
  readonly end: number;
}

/** What the index has of another gateway's log. */
export interface IndexedActs {
  /** All logs. */
  ends(): Promise<readonly IndexedLog[]>;
  /**
   * The records from a number on and below another: those that are no acts in full, and which acts there are. All at one
   * moment: an index that is built anew is empty at first.
   */
  range(
    log: string,
    from: number,
    to: number,
  ): Promise<{
    readonly records: readonly AuditRecord[];
    readonly acts: readonly { readonly seq: number; readonly type: string }[];
    /** The number behind the last record that the index had then: of those below it none is missing. */
    readonly end: number;
  }>;
  /** Acts by their numbers. */
  stubs(log: string, seqs: readonly number[]): Promise<readonly IndexedAct[]>;
}
