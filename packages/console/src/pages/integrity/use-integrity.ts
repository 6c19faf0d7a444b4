import { MayflyError } from "@mayfly/sdk/browser";
import { useInfiniteQuery } from "@tanstack/react-query";
import { mayfly } from "../../api/client.ts";
import { passes } from "../../api/query-client.ts";
import { look, page, type AskProofs, type Look } from "./look.ts";
import { browserStore, readNoted } from "./noted.ts";
import { check, type CheckedEntry } from "./prove.ts";

/** Asks the gateway; nothing of the answer is believed before it was checked. */
export const askProofs: AskProofs = (asked) => mayfly.audit.proofs(asked);

type Page =
  | { readonly look: Look }
  | { readonly entries: readonly CheckedEntry[]; readonly problem?: string };

/** What the page shows. */
export interface Integrity {
  readonly look: Look | undefined;
  /** Every record that was checked, newest first. */
  readonly entries: readonly CheckedEntry[];
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
        const entries = entriesOf(last);
        const lowest = entries.at(-1)?.seq;
        return lowest === undefined || lowest === 0 ? undefined : lowest;
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
    return { entries: [], problem: `The checkpoint proves nothing: ${checked.why}.` };
  const { entries, missing } = checked;
  if (missing.length === 0) return { entries };
  return { entries, problem: `Left out of the gateway's answer: ${missing.slice(0, 10).join(", ")}.` };
}

function entriesOf(one: Page): readonly CheckedEntry[] {
  if ("entries" in one) return one.entries;
  return one.look.checked.state === "checked" ? one.look.checked.entries : [];
}
