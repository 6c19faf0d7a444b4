import type { InboxItem } from "@mayfly/sdk/browser";
import { useVirtualizer, useWindowVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { type ReactNode, type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import { GroupRow, ItemRow } from "./row.tsx";
import type { InboxRow } from "./select.ts";

/** What a list shows and does. */
export interface ListProps {
  readonly rows: readonly InboxRow[];
  readonly folded: ReadonlySet<string>;
  readonly selected: string | undefined;
  readonly onSelect: (id: string) => void;
  readonly onFold: (key: string) => void;
  readonly onRefuse: (items: readonly InboxItem[]) => void;
}

const keyOf = (row: InboxRow | undefined, index: number): string | number =>
  row === undefined ? index : row.kind === "group" ? row.key : row.item.id;

const sizeOf = (row: InboxRow | undefined): number =>
  row === undefined ? 80 : row.kind === "group" ? 52 : row.grouped ? 36 : 84;

function Rows<Frame extends Element | Window>({
  virtualizer,
  wide,
  above = 0,
  ...list
}: ListProps & {
  virtualizer: Virtualizer<Frame, Element>;
  wide: boolean;
  /** How far down the page the list begins, pixels. */
  above?: number;
}): ReactNode {
  const { rows, folded, selected, onSelect, onFold, onRefuse } = list;
  return (
    <ul style={{ height: virtualizer.getTotalSize() }}>
      {virtualizer.getVirtualItems().map((place) => {
        const row = rows[place.index];
        if (row === undefined) return undefined;
        return (
          <li
            key={place.key}
            ref={virtualizer.measureElement}
            data-index={place.index}
            style={{ transform: `translateY(${place.start - above}px)` }}
            aria-setsize={rows.length}
            aria-posinset={place.index + 1}
          >
            {row.kind === "group" ? (
              <GroupRow
                items={row.items}
                folded={folded.has(row.key)}
                onFold={() => onFold(row.key)}
                onRefuse={onRefuse}
              />
            ) : (
              <ItemRow
                item={row.item}
                grouped={row.grouped}
                wide={wide}
                current={wide && row.item.id === selected}
                onSelect={onSelect}
              />
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** What waits, beside the selected request: scrolls by itself, and draws only what is in sight. */
export function InboxList({
  frame,
  ...list
}: ListProps & { frame: RefObject<HTMLElement | null> }): ReactNode {
  const { rows, selected } = list;
  const virtualizer = useVirtualizer<HTMLElement, Element>({
    count: rows.length,
    getScrollElement: () => frame.current,
    estimateSize: (index) => sizeOf(rows[index]),
    getItemKey: (index) => keyOf(rows[index], index),
    overscan: 6,
  });
  const place = rows.findIndex((row) => row.kind === "item" && row.item.id === selected);
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
    >
      <Rows {...list} virtualizer={virtualizer} wide />
    </section>
  );
}

/** The same on a narrow screen: the page scrolls, and each request leads to its own page. */
export function InboxPageList({
  frame,
  ...list
}: ListProps & { frame: RefObject<HTMLElement | null> }): ReactNode {
  const { rows } = list;
  const [above, setAbove] = useState(0);
  const measured = useRef(false);
  useLayoutEffect(() => {
    if (measured.current) return;
    measured.current = true;
    setAbove((frame.current?.getBoundingClientRect().top ?? 0) + window.scrollY);
  }, [frame]);
  // oxlint-disable-next-line react/incompatible-library -- nothing here is compiled or memoized around it
  const virtualizer = useWindowVirtualizer<Element>({
    count: rows.length,
    estimateSize: (index) => sizeOf(rows[index]),
    getItemKey: (index) => keyOf(rows[index], index),
    overscan: 8,
    scrollMargin: above,
  });
  return (
    <section ref={frame} className="inbox-list" tabIndex={-1} aria-label="What waits">
      <Rows {...list} virtualizer={virtualizer} wide={false} above={above} />
    </section>
  );
}
