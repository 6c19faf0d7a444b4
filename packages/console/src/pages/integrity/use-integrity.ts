import { MayflyError } from "@mayfly/sdk/browser";
import { useInfiniteQuery } from "@tanstack/react-query";
import { mayfly } from "../../api/client.ts";
import { passes } from "../../api/query-client.ts";
import { look, page, type AskProofs, type Look } from "./look.ts";
import { browserStore, readNoted } from "./noted.ts";
import { check, type ArchivedFile, type CheckedEntry } from "./prove.ts";
import { archivedWords } from "./verdict.ts";

/** Asks the gateway; nothing of the answer is believed before it was checked. */
export const askProofs: AskProofs = (asked) => mayfly.audit.proofs(asked);

type Page =
  | { readonly look: Look }
  | {
      readonly entries: readonly CheckedEntry[];
      readonly archived: readonly ArchivedFile[];
      readonly problem?: string;
    };

/** What the page shows. */
export interface Integrity {
  readonly look: Look | undefined;
  /** Every record that was checked, newest first. */
  readonly entries: readonly CheckedEntry[];
  /** What is said of older records that are in the archive alone. */
  readonly notes: readonly string[];
  /** What is wrong with older records, beside what the entries say. */
  readonly problems: readonly string[];
  readonly error: unknown;
  /** The error is of checking again, not of asking for older records: what was found before counts no more. */
  readonly isOver: boolean;
  readonly busy: boolean;
  readonly again: () => void;
  readonly older: "none" | "more" | "loading";
  readonly loadOlder: () => void;
}

/** Whether the gateway says that its log's files do not fit its signed head. */
export function isUnprovable(error: unknown): error is MayflyError {
  return error instanceof MayflyError && error.code === "log_unproved";
}

/** Checks the newest records, and older ones as somebody asks for them. */
export function useIntegrity(): Integrity {
  const { data, error, isFetching, refetch, hasNextPage, isFetchingNextPage, isRefetchError, fetchNextPage } =
    useInfiniteQuery({
      queryKey: ["proofs"],
      queryFn: ({ pageParam }): Promise<Page> => (pageParam === undefined ? first() : olderThan(pageParam)),
      initialPageParam: undefined as number | undefined,
      getNextPageParam: (last) => {
        // Past what was dropped: it is not asked for record by record.
        const lowest = Math.min(
          ...entriesOf(last).map(({ seq }) => seq),
          ...archivedIn(last).map((file) => file.first),
        );
        return Number.isFinite(lowest) && lowest > 0 ? lowest : undefined;
      },
      // Looked at once, and again when somebody says so: not whenever the window gets the focus.
      staleTime: Number.POSITIVE_INFINITY,
      // What the gateway says of its own log does not pass by itself.
      retry: (count, error) => !isUnprovable(error) && passes(error) && count < 3,
    });
  const pages = data?.pages ?? [];
  const [top] = pages;
  return {
    look: top !== undefined && "look" in top ? top.look : undefined,
    entries: pages.flatMap(entriesOf),
    notes: [...new Set(pages.flatMap((one) => archivedWords(archivedIn(one))))],
    problems: pages.flatMap((one) => ("problem" in one ? [one.problem] : [])),
    error,
    isOver: isRefetchError,
    busy: isFetching && !isFetchingNextPage,
    again: () => void refetch(),
    older: !hasNextPage ? "none" : isFetchingNextPage ? "loading" : "more",
    loadOlder: () => void fetchNextPage(),
  };
}

async function first(): Promise<Page> {
  return { look: await look(askProofs, browserStore(), new Date().toISOString()) };
}

async function olderThan(before: number): Promise<Page> {
  const answer = await askProofs({ before, limit: page });
  const key = readNoted(browserStore())?.key ?? answer.key;
  const checked = await check(answer, key, { before, limit: page });
  if (checked.state === "unsigned")
    return { entries: [], archived: [], problem: `The checkpoint proves nothing: ${checked.why}.` };
  const { entries, missing, archived } = checked;
  if (missing.length === 0) return { entries, archived };
  return {
    entries,
    archived,
    problem: `Left out of the gateway's answer: ${missing.slice(0, 10).join(", ")}.`,
  };
}

function archivedIn(one: Page): readonly ArchivedFile[] {
  if ("entries" in one) return one.archived;
  return one.look.checked.state === "checked" ? one.look.checked.archived : [];
}

function entriesOf(one: Page): readonly CheckedEntry[] {
  if ("entries" in one) return one.entries;
  return one.look.checked.state === "checked" ? one.look.checked.entries : [];
}
