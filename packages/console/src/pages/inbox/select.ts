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
 * Which item is selected: the one that was, or, when it is gone, whatever took its place in the list. Undefined
 * with nothing to select.
 */
export function selectedOf(
  items: readonly InboxItem[],
  wanted: string | undefined,
  lastPlace: number,
): InboxItem | undefined {
  return items.find(({ id }) => id === wanted) ?? items[Math.max(0, Math.min(lastPlace, items.length - 1))];
}
