import type { OrgEvent } from "./org-event.ts";

/** Every event, in the order in which it was stored; and who hears of it at once. */
export interface SystemLog {
  readonly events: readonly OrgEvent[];
  store(event: OrgEvent): void;
  onEvent(listener: (event: OrgEvent) => void): void;
}

/** An empty one. */
export function systemLog(): SystemLog {
  const events: OrgEvent[] = [];
  const listeners: ((event: OrgEvent) => void)[] = [];
  return {
    events,
    store(event) {
      events.push(event);
      for (const listener of listeners) listener(event);
    },
    onEvent(listener) {
      listeners.push(listener);
    },
  };
}

/** One page of `GET /api/v1/logs`. */
export interface LogPage {
  readonly events: readonly OrgEvent[];
  /** Where the next page begins; undefined only at the end of a bounded query. */
  readonly next: string | undefined;
}

/** A filter that the stand-in does not understand, answered with 400. */
export class BadFilter extends Error {}

/**
 * A page of the log. Without `until` it is a poll: there is always a next page, and the order is the one of storing.
 * With `until` it is bounded, ordered by `published`, and ends.
 */
export function logPage(log: SystemLog, query: URLSearchParams): LogPage {
  const limit = Math.min(Number(query.get("limit") ?? 100), 1000);
  const since = Date.parse(query.get("since") ?? "1970-01-01T00:00:00Z");
  const until = query.get("until");
  const matches = filterOf(query.get("filter") ?? "");
  const start = Number(query.get("after") ?? 0);
  const at = (event: OrgEvent): number => Date.parse(event.published);
  const bounded = until === null ? log.events : log.events.toSorted((one, two) => at(one) - at(two));
  const ordered = query.get("sortOrder") === "DESCENDING" ? bounded.toReversed() : bounded;
  const page: OrgEvent[] = [];
  let position = start;
  while (position < ordered.length && page.length < limit) {
    const event = ordered[position];
    position += 1;
    if (event === undefined || at(event) < since || (until !== null && at(event) >= Date.parse(until)))
      continue;
    if (matches(event)) page.push(event);
  }
  const isEnd = until !== null && position >= ordered.length;
  return { events: page, next: isEnd ? undefined : String(position) };
}

/** `eventType eq "…"`, `eventType sw "…"` and `target.id eq "…"`, joined by `or`; `published` cannot be filtered. */
function filterOf(filter: string): (event: OrgEvent) => boolean {
  if (filter.trim() === "") return () => true;
  const terms = filter.split(/\s+or\s+/i).map((term) => {
    const [, name, operator, value] = /^\(?\s*([\w.]+)\s+(eq|sw)\s+"([^"]*)"\s*\)?$/i.exec(term.trim()) ?? [];
    if (value === undefined || (name !== "eventType" && name !== "target.id")) throw new BadFilter(term);
    return (event: OrgEvent): boolean => {
      const found =
        name === "eventType"
          ? [event.eventType]
          : (event["target"] as readonly { id: string }[]).map((target) => target.id);
      return found.some((one) => (operator?.toLowerCase() === "eq" ? one === value : one.startsWith(value)));
    };
  });
  return (event) => terms.some((term) => term(event));
}
