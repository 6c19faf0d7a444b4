import type { AuditRecord, AuditRecords } from "@mayfly/sdk/browser";
import { type InfiniteData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { mayfly } from "../../api/client.ts";
import { useRecords } from "../../events/listeners.ts";
import { type Filters, queryOf } from "./filters.ts";
import type { LackingLog } from "./lacking.ts";
import { matches } from "./matches.ts";
import { byPlace, placeOf } from "./place.ts";

/** How many records are asked for at a time. */
const page = 100;
/** How many of those that came in live are kept on the screen; older ones are a page away. */
const MAX_LIVE_RECORDS = 300;

interface Live {
  /** Newest first. */
  readonly records: readonly AuditRecord[];
  /** Those that came while the page stood still. */
  readonly waiting: number;
}

const nothing: Live = { records: [], waiting: 0 };

/** The list of records, and what keeps it. */
export interface Activity {
  /** Newest first, each once; undefined while the first answer is on its way. */
  readonly records: readonly AuditRecord[] | undefined;
  readonly error: unknown;
  /** What came since the list was asked for and is not shown, because it stands still. */
  readonly waiting: number;
  readonly older: "none" | "more" | "loading";
  readonly loadOlder: () => void;
  /** Older records that are in the log's archive alone, once the list has come to its end. */
  readonly archived: AuditRecords["archived"];
  /** Logs of which the list may lack something. */
  readonly partial: readonly LackingLog[];
  /** Those that were given up. */
  readonly retired: readonly LackingLog[];
  /** Asks for all of it again, from the newest. */
  readonly refresh: () => void;
}

/**
 * Searches the log, page by page, and puts what is written meanwhile on top.
 * @param following whether new records move in by themselves
 */
export function useActivity(filters: Filters, following: boolean): Activity {
  const query = queryOf(filters);
  const queryKey = ["activity", query];
  const name = JSON.stringify(query);
  const client = useQueryClient();
  const [live, setLive] = useState<Live & { readonly of: string }>({ ...nothing, of: name });
  // What came live belongs to one search; another one begins with nothing.
  const mine = live.of === name ? live : { ...nothing, of: name };

  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) =>
      mayfly.audit.search({
        limit: page,
        ...query,
        ...(pageParam === undefined ? {} : { before: pageParam }),
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => (filters.record === undefined ? last.next_before : undefined),
  });

  useRecords((records) => {
    if (filters.record !== undefined) return;
    const found = records.filter((record) => matches(record, filters));
    if (found.length === 0) return;
    setLive((before) => {
      const { records: held, waiting } = before.of === name ? before : nothing;
      if (!following) return { of: name, records: held, waiting: waiting + found.length };
      return { of: name, waiting, records: [...found.toReversed(), ...held].slice(0, MAX_LIVE_RECORDS) };
    });
  });

  const refresh = (): void => {
    setLive({ ...nothing, of: name });
    // The first page alone: what is below it is asked for again when somebody goes there.
    client.setQueryData<InfiniteData<AuditRecords, string | undefined>>(
      queryKey,
      (held) => held && { pages: held.pages.slice(0, 1), pageParams: held.pageParams.slice(0, 1) },
    );
    void refetch();
  };

  return {
    records: data === undefined ? undefined : merged(mine.records, data.pages),
    error,
    waiting: mine.waiting,
    archived: hasNextPage ? undefined : data?.pages.at(-1)?.archived,
    partial: data?.pages.flatMap(({ partial }) => partial ?? []) ?? [],
    retired: data?.pages.flatMap(({ retired }) => retired ?? []) ?? [],
    older: !hasNextPage ? "none" : isFetchingNextPage ? "loading" : "more",
    loadOlder: () => void fetchNextPage(),
    refresh,
  };
}

function merged(live: readonly AuditRecord[], pages: readonly AuditRecords[]): readonly AuditRecord[] {
  const each = new Map<string, AuditRecord>();
  for (const record of [...live, ...pages.flatMap(({ records }) => records)])
    each.set(placeOf(record), record);
  return [...each.values()].toSorted((a, b) => byPlace(b, a));
}
