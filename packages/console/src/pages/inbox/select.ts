import type { InboxItem } from "@mayfly/sdk/browser";
import { searchable } from "../request/words.ts";

/** What the inbox shows of what waits. */
export interface InboxFilter {
  readonly text: string;
  readonly risk: "" | "low" | "medium" | "high";
  /** Also what waits for others. */
  readonly all: boolean;
}

/** The items that fit, in their order. Every word of the text has to be somewhere in an item. */
export function fitting(items: readonly InboxItem[], filter: InboxFilter): readonly InboxItem[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return items.filter((item) => {
    if (!filter.all && !item.may_decide) return false;
    if (filter.risk !== "" && item.risk !== filter.risk) return false;
    if (words.length === 0) return true;
    const text = searchable(item);
    return words.every((word) => text.includes(word));
  });
}

/**
 * What is shown beside the list: what was chosen, as long as it is listed or waits no more (its outcome can be read);
 * else the first of the list. What waits and is not listed is never shown, so that it is never decided by mistake.
 */
export function shownOf(
  items: readonly InboxItem[],
  waiting: readonly InboxItem[],
  chosen: string | undefined,
): string | undefined {
  const isListed = items.some(({ id }) => id === chosen);
  const waits = waiting.some(({ id }) => id === chosen);
  return chosen !== undefined && (isListed || !waits) ? chosen : items[0]?.id;
}

/**
 * Whom a step leads to: `by` further down from the shown item, or from the place where it stood when it is gone. Never
 * past the ends. Undefined with nothing to show.
 */
export function stepFrom(
  items: readonly InboxItem[],
  shown: string | undefined,
  place: number,
  by: number,
): InboxItem | undefined {
  const at = items.findIndex(({ id }) => id === shown);
  // What stood below a gone item has moved up into its place.
  const wanted = at >= 0 ? at + by : by > 0 ? place + by - 1 : place + by;
  return items[Math.max(0, Math.min(wanted, items.length - 1))];
}

/** What is shown after `id` was decided: what stands below it, else what stands above, else nothing. */
export function afterDeciding(items: readonly InboxItem[], id: string): string | undefined {
  const at = items.findIndex((item) => item.id === id);
  return (items[at + 1] ?? items[at - 1])?.id;
}
