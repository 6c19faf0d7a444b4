import "./histogram.css";
import type { AuditHistogram } from "@mayfly/sdk/browser";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef, useState } from "react";
import { mayfly } from "../../api/client.ts";
import { useMedia } from "../../components/use-media.ts";
import { type Filters, queryOf } from "./filters.ts";
import {
  asksForActs,
  type Bar,
  barsOf,
  type Choice,
  isChosen,
  placeAfter,
  rangeOf,
  totalsOf,
} from "./histogram-model.ts";
import { lackingText } from "./lacking.ts";

const HEIGHT = 100;
const WIDE_BARS = 50;
const NARROW_BARS = 26;
/** A search without an end is counted again so often, milliseconds. */
const AGAIN_MS = 30_000;

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const seconds = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/** A bar's time: as exact as the step is fine. */
function momentText(at: number, step: number): string {
  const date = new Date(at);
  if (step >= 86_400) return day.format(date);
  return `${day.format(date)}, ${(step < 60 ? seconds : time).format(date)}`;
}

function barText({ at, permitted, failed, denied }: Bar, step: number): string {
  const from = Date.parse(at);
  return `${momentText(from, step)} to ${momentText(from + step * 1000, step)}: ${permitted} permitted, ${failed} failed, ${denied} denied`;
}

/** How many acts were permitted, failed and denied over the range; bars that are chosen become the range. */
export function Histogram({
  filters,
  choose,
}: {
  filters: Filters;
  choose: (range: Required<Pick<Filters, "from" | "to">>) => void;
}): ReactNode {
  const isNarrow = useMedia("(max-width: 40rem)");
  const isAsked = asksForActs(filters);
  const query = { ...queryOf(filters), buckets: isNarrow ? NARROW_BARS : WIDE_BARS };
  const { data, isPlaceholderData } = useQuery({
    queryKey: ["activity", "histogram", query],
    queryFn: ({ signal }) => mayfly.audit.histogram(query, signal),
    enabled: isAsked,
    placeholderData: keepPreviousData,
    ...(filters.to === undefined ? { refetchInterval: AGAIN_MS } : {}),
  });
  if (!isAsked) return null;
  // What cannot be counted leaves the list as it is: the list says what is wrong.
  if (data === undefined) return <div className="histogram histogram-empty" />;
  return <Chart histogram={data} isOld={isPlaceholderData} choose={choose} />;
}

function Chart({
  histogram,
  isOld,
  choose,
}: {
  histogram: AuditHistogram;
  isOld: boolean;
  choose: (range: Required<Pick<Filters, "from" | "to">>) => void;
}): ReactNode {
  const bars = barsOf(histogram);
  const { step_seconds: step, from, to, counted_from: counted, partial, retired } = histogram;
  const { permitted, failed, denied } = totalsOf(histogram);
  const lacking = lackingText(partial, retired);
  const [choice, setChoice] = useState<Choice>();
  const [current, setCurrent] = useState(0);
  const group = useRef<HTMLDivElement>(null);
  const isDragging = useRef(false);
  const focusAt = Math.min(current, bars.length - 1);

  const finish = (chosen: Choice): void => {
    const range = rangeOf(histogram, chosen);
    setChoice(undefined);
    if (range !== undefined) choose(range);
  };
  const placeAt = ({ clientX }: PointerEvent): number => {
    const { left, width } = group.current?.getBoundingClientRect() ?? { left: 0, width: 1 };
    return Math.min(bars.length - 1, Math.max(0, Math.floor(((clientX - left) / width) * bars.length)));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") setChoice(undefined);
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      finish(choice ?? { from: focusAt, to: focusAt });
      return;
    }
    const place = placeAfter(event.key, focusAt, bars.length);
    if (place === undefined) return;
    event.preventDefault();
    setCurrent(place);
    setChoice(event.shiftKey ? { from: choice?.from ?? focusAt, to: place } : undefined);
    const button = group.current?.children[place];
    if (button instanceof HTMLElement) button.focus();
  };
  return (
    <figure className="histogram" aria-busy={isOld || undefined}>
      <div className="histogram-plot">
        <svg viewBox={`0 0 ${bars.length} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          {bars.map((bar, place) => (
            <BarShape key={bar.at} bar={bar} place={place} />
          ))}
        </svg>
        {/* oxlint-disable-next-line jsx-a11y/interactive-supports-focus -- one of its buttons has the focus (ARIA APG, toolbar) */}
        <div
          ref={group}
          className="histogram-choices"
          role="toolbar"
          aria-label="Acts over time. Arrow keys move, with Shift they choose several bars; Enter narrows the search to them."
          onKeyDown={onKeyDown}
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            isDragging.current = true;
            event.currentTarget.setPointerCapture(event.pointerId);
            const place = placeAt(event);
            setCurrent(place);
            setChoice({ from: place, to: place });
          }}
          onPointerMove={(event) => {
            if (isDragging.current && choice !== undefined) setChoice({ ...choice, to: placeAt(event) });
          }}
          onPointerUp={(event) => {
            if (!isDragging.current || choice === undefined) return;
            isDragging.current = false;
            finish({ ...choice, to: placeAt(event) });
          }}
          onPointerCancel={() => {
            isDragging.current = false;
            setChoice(undefined);
          }}
        >
          {bars.map((bar, place) => (
            <button
              key={bar.at}
              type="button"
              className="histogram-choice"
              tabIndex={place === focusAt ? 0 : -1}
              aria-pressed={isChosen(place, choice)}
              aria-label={barText(bar, step)}
              title={barText(bar, step)}
              onFocus={() => setCurrent(place)}
              // Without a pointer or a key, as from a screen reader: those are taken above.
              onClick={({ detail }) => detail === 0 && finish({ from: place, to: place })}
            />
          ))}
        </div>
      </div>
      <figcaption className="spread muted numeric">
        <span>{momentText(Date.parse(from), Math.min(step, 3600))}</span>
        <span className="row">
          <Key kind="permitted" count={permitted} />
          <Key kind="failed" count={failed} />
          <Key kind="denied" count={denied} />
          {lacking !== undefined && <span>{lacking}</span>}
          {counted !== undefined && (
            <span>newest acts alone, from {momentText(Date.parse(counted), 60)}</span>
          )}
        </span>
        <span>{momentText(Date.parse(to), Math.min(step, 3600))}</span>
      </figcaption>
    </figure>
  );
}

function BarShape({ bar, place }: { bar: Bar; place: number }): ReactNode {
  const { permittedHeight, failedHeight, deniedHeight } = bar;
  const parts = [
    ["permitted", permittedHeight, 0],
    ["failed", failedHeight, permittedHeight],
    ["denied", deniedHeight, permittedHeight + failedHeight],
  ] as const;
  return parts.map(
    ([kind, height, below]) =>
      height > 0 && (
        <rect
          key={kind}
          className={`histogram-${kind}`}
          x={place + 0.08}
          width={0.84}
          y={(1 - below - height) * HEIGHT}
          height={height * HEIGHT}
        />
      ),
  );
}

function Key({ kind, count }: { kind: "permitted" | "failed" | "denied"; count: number }): ReactNode {
  return (
    <span className="histogram-key">
      <span className={`histogram-mark histogram-mark-${kind}`} aria-hidden="true" />
      {count.toLocaleString("en")} {kind}
    </span>
  );
}
