import type { InboxItem } from "@mayfly/sdk/browser";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Badge, type Risk, RiskBadge } from "../../components/badge.tsx";
import { shortSpan } from "../../components/duration.ts";
import { Icon } from "../../components/icons.tsx";
import { TimeLeft } from "../../components/time.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { visibleText } from "../../components/visible.ts";
import { progressText, shortOperation } from "../request/words.ts";

function Marks({ item, grouped }: { item: InboxItem; grouped: boolean }): ReactNode {
  const progress = progressText(item.needed, item.given);
  return (
    <>
      {!grouped && item.risk !== "low" && <RiskBadge risk={item.risk} />}
      {item.escalated && <Badge tone="warn">escalated</Badge>}
      {progress !== undefined && <Badge tone="info">{progress}</Badge>}
      {!item.may_decide && <Badge>not yours to decide</Badge>}
    </>
  );
}

const whatOf = (item: InboxItem): string => item.operations.map(shortOperation).join(", ");

/** What is said of a request in the list; in a group only what its heading does not say. */
function Item({ item, grouped }: { item: InboxItem; grouped: boolean }): ReactNode {
  const { requester } = item;
  return (
    <>
      <span className="inbox-item-top">
        {grouped ? (
          <span className="inbox-item-why">
            <Untrusted text={item.reason} />
          </span>
        ) : (
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
        )}
        <TimeLeft until={item.waits_until} />
      </span>
      <span className={grouped ? "visually-hidden" : "inbox-item-what"}>
        {grouped && <Untrusted text={`${requester.name} `} />}
        <Untrusted text={whatOf(item)} />{" "}
        <span className="muted">
          on <Untrusted text={item.connection} /> · {shortSpan(item.ttl_seconds)}
        </span>
      </span>
      {!grouped && (
        <span className="inbox-item-why">
          <Untrusted text={item.reason} />
        </span>
      )}
      <span className="inbox-item-marks">
        <Marks item={item} grouped={grouped} />
      </span>
    </>
  );
}

/** A request in the list. */
export function ItemRow({
  item,
  grouped,
  current,
  wide,
  onSelect,
}: {
  item: InboxItem;
  grouped: boolean;
  current: boolean;
  /** The selected request is shown beside the list; otherwise an item leads to its own page. */
  wide: boolean;
  onSelect: (id: string) => void;
}): ReactNode {
  return (
    <Link
      to="/requests/$id"
      params={{ id: item.id }}
      className={`inbox-item${grouped ? " inbox-item-grouped" : ""}`}
      aria-current={current || undefined}
      onClick={(event) => {
        if (!wide || event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        onSelect(item.id);
      }}
    >
      <Item item={item} grouped={grouped} />
    </Link>
  );
}

const order: readonly Risk[] = ["high", "medium", "low"];

/** The heading of what one agent asks for many times. */
export function GroupRow({
  items,
  folded,
  onFold,
  onRefuse,
}: {
  items: readonly InboxItem[];
  folded: boolean;
  onFold: () => void;
  onRefuse: (items: readonly InboxItem[]) => void;
}): ReactNode {
  const [first] = items;
  if (first === undefined) return undefined;
  const risk = order.find((one) => items.some((item) => item.risk === one)) ?? "low";
  const mine = items.filter((item) => item.may_decide);
  const name = `${visibleText(first.requester.name)}, ${visibleText(whatOf(first))}`;
  return (
    <div className="inbox-group">
      <button type="button" className="inbox-group-fold" aria-expanded={!folded} onClick={onFold}>
        <Icon name={folded ? "chevron" : "down"} size={14} />
        <span className="inbox-group-name">
          <span className="row">
            <strong>
              <Untrusted text={first.requester.name} />
            </strong>
            <Badge tone="accent">{items.length}</Badge>
            {risk !== "low" && <RiskBadge risk={risk} />}
          </span>
          <span>
            <Untrusted text={whatOf(first)} />{" "}
            <span className="muted">
              on <Untrusted text={first.connection} />
            </span>
          </span>
        </span>
      </button>
      {mine.length > 1 && (
        <button
          type="button"
          className="button button-ghost button-size-s"
          aria-label={`Refuse all ${mine.length} of ${name}`}
          onClick={() => onRefuse(mine)}
        >
          Refuse all
        </button>
      )}
    </div>
  );
}
