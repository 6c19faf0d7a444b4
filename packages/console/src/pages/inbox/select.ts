import type { InboxItem } from "@mayfly/sdk/browser";
import { searchable } from "../request/words.ts";

/** What the inbox shows of what waits. */
export interface InboxFilter {
  readonly text: string;
  readonly risk: "" | "low" | "medium" | "high";
  /** Also what waits for others. */
  readonly all: boolean;
}

/** Shows what waits for me, all of it. */
export const everything: InboxFilter = { text: "", risk: "", all: false };

/** Whether a filter leaves anything out of what waits for me. */
export function isNarrowed({ text, risk }: InboxFilter): boolean {
  return text.trim() !== "" || risk !== "";
}

/** How many requests of one agent for the same are a group of their own. */
const GROUP_SIZE = 3;

/** A row of the list: a group's heading, or a request. */
export type InboxRow =
  | { readonly kind: "group"; readonly key: string; readonly items: readonly InboxItem[] }
  | { readonly kind: "item"; readonly item: InboxItem; readonly grouped: boolean };

/** Names an agent and what it asks for. */
export function groupKey({ requester, connection, operations }: InboxItem): string {
  const { kind, issuer, subject, client } = requester;
  return JSON.stringify([kind, issuer, subject, client, connection, operations.toSorted()]);
}

/**
 * The list's rows: what one agent asks for three times or more stands together under one heading, where its most urgent
 * request would stand. A folded group shows its heading alone.
 */
export function rowsOf(items: readonly InboxItem[], folded: ReadonlySet<string>): readonly InboxRow[] {
  const groups = Map.groupBy(items, groupKey);
  const rows: InboxRow[] = [];
  const done = new Set<string>();
  for (const item of items) {
    const key = groupKey(item);
    const group = groups.get(key) ?? [];
    if (group.length < GROUP_SIZE) rows.push({ kind: "item", item, grouped: false });
    else if (!done.has(key)) {
      done.add(key);
      rows.push({ kind: "group", key, items: group });
      if (!folded.has(key)) for (const one of group) rows.push({ kind: "item", item: one, grouped: true });
    }
  }
  return rows;
}

/** The requests among rows, in the order in which they are drawn. */
export function itemsOf(rows: readonly InboxRow[]): readonly InboxItem[] {
  return rows.flatMap((row) => (row.kind === "item" ? [row.item] : []));
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
