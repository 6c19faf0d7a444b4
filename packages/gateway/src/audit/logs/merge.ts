import type { AuditRecord } from "../records.ts";
import type { Places } from "./places.ts";

/** What one log has answered to a search. */
export interface LogPage {
  /** The log's number in the store. */
  readonly log: number;
  /** Newest first. */
  readonly records: readonly AuditRecord[];
  /** Whether there may be older ones that were not fetched. */
  readonly hasMore: boolean;
}

/** A page of records of several logs. */
export interface MergedPage {
  /** Each with its log's number: of one log in its order, newest first, and among logs by time. */
  readonly records: readonly { readonly log: number; readonly record: AuditRecord }[];
  /** Where the next page goes on; empty: this was the last. Logs that are left out have nothing more. */
  readonly places: Places;
}

/**
 * Merges pages of several logs, always taking the newest of what is next in each. A page ends where a log may have more
 * that was not fetched, since that may be newer than what the others have next. Pure.
 */
export function mergePages(pages: readonly LogPage[], limit: number): MergedPage {
  const taken = new Map(pages.map(({ log }) => [log, 0]));
  const records: { log: number; record: AuditRecord }[] = [];
  while (records.length < limit) {
    if (pages.some(({ log, records: all, hasMore }) => hasMore && taken.get(log) === all.length)) break;
    const heads = pages.flatMap(({ log, records: all }) => {
      const record = all[taken.get(log) ?? 0];
      return record === undefined ? [] : [{ log, record }];
    });
    if (heads.length === 0) break;
    const newest = heads.reduce((best, one) =>
      Date.parse(one.record.time) > Date.parse(best.record.time) ? one : best,
    );
    records.push(newest);
    taken.set(newest.log, (taken.get(newest.log) ?? 0) + 1);
  }
  return { records, places: placesAfter(pages, taken) };
}

function placesAfter(pages: readonly LogPage[], taken: ReadonlyMap<number, number>): Places {
  const places = new Map<number, number>();
  for (const { log, records, hasMore } of pages) {
    const count = taken.get(log) ?? 0;
    const last = records[count - 1];
    const first = records[0];
    if (count === records.length && (!hasMore || last === undefined)) continue;
    if (last !== undefined) places.set(log, last.seq);
    else if (first !== undefined) places.set(log, first.seq + 1);
  }
  return places;
}
