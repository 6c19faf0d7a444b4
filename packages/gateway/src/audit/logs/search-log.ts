import type { Archived, AuditIndex, AuditQuery, AuditReader } from "../index/port.ts";
import type { AuditRecord } from "../records.ts";
import { readSearchAnswer, type SearchAnswer, searchOne } from "./answer.ts";
import type { Asked } from "./asking.ts";
import type { LogPage } from "./merge.ts";
import type { IndexedActs, PartialLog, ToldLog } from "./port.ts";
import { behind, indexAlone, type Silence, unindexed, unread } from "./lacking.ts";
import { stubOf } from "./stubs.ts";

/** What one log of several is searched with. */
export interface LogSearchParts {
  /** The id of this gateway's own log, and what reads it. */
  readonly own: string;
  readonly reader: AuditReader;
  readonly index: (log: string) => Pick<AuditIndex, "search" | "last">;
  readonly stubs: IndexedActs["stubs"];
  /** Where another log is on this machine; undefined: it is not. */
  readonly onDisk: (log: string) => OnDisk | undefined;
  /** For the operator's log: what a log that does not answer could not be read for. */
  readonly onProblem: (error: unknown) => void;
}

/** A log of this machine that another process wrote. */
export interface OnDisk {
  /** @param written the number of the first record that is not to be read */
  readEach(seqs: readonly number[], written: number): Promise<readonly AuditRecord[]>;
  payload(digest: string): Promise<Buffer | undefined>;
}

/** What was found in one log. */
export interface SearchedLog {
  readonly page: LogPage;
  readonly archived: Archived | undefined;
  readonly partial?: PartialLog;
  /** Whether it was read as far as it can be without its gateway, which is gone. */
  readonly isAbsent?: boolean;
}

/** Makes what searches one log: the own one, by what its gateway has answered, or as far as it can be read without it. */
export function createLogSearch(
  parts: LogSearchParts,
): (log: ToldLog, query: AuditQuery, asked: Asked) => Promise<SearchedLog> {
  /** What the store has of a log whose gateway does not answer; its acts from its files, where they are here. */
  async function fromIndex(
    log: ToldLog,
    query: AuditQuery,
    silence: Silence,
  ): Promise<{ found: SearchAnswer; partial?: PartialLog }> {
    const index = parts.index(log.id);
    const files = parts.onDisk(log.id);
    const end = (await index.last()) + 1;
    let hasStubs = false;
    const read = async (seqs: readonly number[]): Promise<readonly AuditRecord[]> => {
      if (files !== undefined) return files.readEach(seqs, end);
      if (seqs.length > 0) hasStubs = true;
      // What an act says is not in the store: nobody can say whether these words are in it.
      if (query.text !== undefined) return [];
      const stubs = await parts.stubs(log.id, seqs);
      return stubs.map((act) => stubOf(act, log.name));
    };
    const records = await index.search(query, read);
    const found = { records, hasMore: records.length >= query.limit && records.at(-1)?.seq !== 0 };
    if (hasStubs) return { found, partial: indexAlone(log.name, silence, query) };
    return (await hasAll(log, index, files, end))
      ? { found }
      : { found, partial: unindexed(log.name, silence) };
  }

  /** Whether a log has no record behind those that the index has. */
  async function hasAll(
    { records }: ToldLog,
    index: Pick<AuditIndex, "search">,
    files: OnDisk | undefined,
    end: number,
  ): Promise<boolean> {
    // Files that are here may be an older copy of the log's.
    if (records > end) return false;
    if (files !== undefined) return (await files.readEach([end], end + 1)).length === 0;
    // A gateway that was stopped has said so last.
    const [last] = await index.search({ types: ["log.closed"], limit: 1 }, async () => []);
    return last?.seq === end - 1;
  }

  return async (log, query, { said, unasked }) => {
    const pageOf = ({ records, hasMore, archived }: SearchAnswer) => ({
      page: { log: log.number, records, hasMore },
      archived,
    });
    const answer =
      log.id === parts.own ? await searchOne(parts.reader, query) : readSearchAnswer(said.get(log.id), query);
    if (answer !== undefined)
      return {
        ...pageOf(answer),
        ...(answer.isBehind !== false ? { partial: behind(log.name, answer.isBehind) } : {}),
      };
    const silence = unasked.has(log.id) ? "unasked" : "absent";
    try {
      const { found, partial } = await fromIndex(log, query, silence);
      return {
        ...pageOf(found),
        isAbsent: silence === "absent",
        ...(partial === undefined ? {} : { partial }),
      };
    } catch (error) {
      parts.onProblem(error);
      // What went wrong names paths and the store's own words: it is the operator's to read.
      return { ...pageOf({ records: [], hasMore: false }), partial: unread(log.name, silence) };
    }
  };
}
