import type { InboxItem } from "@mayfly/sdk/browser";
import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef } from "react";
import { Badge, RiskBadge } from "../../components/badge.tsx";
import { shortSpan } from "../../components/duration.ts";
import { Icon } from "../../components/icons.tsx";
import { Countdown } from "../../components/time.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { progressText, shortOperation } from "../request/words.ts";

function Item({ item }: { item: InboxItem }): ReactNode {
  const progress = progressText(item.needed, item.given);
  const { requester } = item;
  return (
    <>
      <span className="inbox-item-top">
        <span className="inbox-item-who">
          <Icon name={requester.kind === "agent" ? "agent" : "person"} size={16} />
          <strong>
            <Untrusted text={requester.name} />
          </strong>
          {requester.person !== undefined && (
            <span className="muted">
              for <Untrusted text={requester.person} />
            </span>
          )}
        </span>
        <Countdown until={item.waits_until} />
      </span>
      <span className="inbox-item-what">
        <Untrusted text={item.operations.map(shortOperation).join(", ")} />{" "}
        <span className="muted">
          on <Untrusted text={item.connection} /> · {shortSpan(item.ttl_seconds)}
        </span>
      </span>
      <span className="inbox-item-why">
        <Untrusted text={item.reason} />
      </span>
      <span className="row">
        {item.risk !== "low" && <RiskBadge risk={item.risk} />}
        {item.escalated && <Badge tone="warn">escalated</Badge>}
        {progress !== undefined && <Badge tone="info">{progress}</Badge>}
        {!item.may_decide && <Badge>not yours to decide</Badge>}
      </span>
    </>
  );
}

/** What waits, as a list that draws only what is in sight: two thousand items scroll as twenty do. */
export function InboxList({
  items,
  selected,
  onSelect,
  wide,
}: {
  items: readonly InboxItem[];
  selected: string | undefined;
  onSelect: (id: string) => void;
  /** The selected request is shown beside the list; otherwise an item leads to its own page. */
  wide: boolean;
}): ReactNode {
  const frame = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => frame.current,
    estimateSize: () => 124,
    getItemKey: (index) => items[index]?.id ?? index,
    overscan: 6,
  });
  const place = items.findIndex(({ id }) => id === selected);
  useEffect(() => {
    if (place >= 0) virtualizer.scrollToIndex(place, { align: "auto" });
    // The list itself moves under the selection without scrolling back to it.
    // oxlint-disable-next-line react/exhaustive-deps, react/exhaustive-effect-dependencies
  }, [selected]);
  return (
    <section
      ref={frame}
      className="inbox-list"
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard
      tabIndex={0}
      aria-label="What waits"
      style={{ ["--inbox-rows" as string]: `${virtualizer.getTotalSize()}px` }}
    >
      <ul style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map((row) => {
          const item = items[row.index];
          if (item === undefined) return undefined;
          const current = wide && item.id === selected;
          return (
            <li
              key={row.key}
              ref={virtualizer.measureElement}
              data-index={row.index}
              style={{ transform: `translateY(${row.start}px)` }}
              aria-setsize={items.length}
              aria-posinset={row.index + 1}
            >
              <Link
                to="/requests/$id"
                params={{ id: item.id }}
                className="inbox-item"
                aria-current={current || undefined}
                onClick={(event) => {
                  if (!wide || event.metaKey || event.ctrlKey || event.shiftKey) return;
                  event.preventDefault();
                  onSelect(item.id);
                }}
              >
                <Item item={item} />
              </Link>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
