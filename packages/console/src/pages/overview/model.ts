import type { Live, Overview, Requester } from "@mayfly/sdk/browser";
import { holderKey, type LiveGrant } from "../live/model.ts";

// What the Overview shows: places on a line of time, and bars. Pure.

/** One grant on the line of time, as parts of its width. */
export interface Span {
  readonly entry: LiveGrant;
  /** 0 to 1, from the left. */
  readonly from: number;
  readonly to: number;
  readonly kind: "emergency" | "high" | "other";
}

/** All grants of one agent or person. */
export interface Lane {
  readonly key: string;
  readonly name: string;
  readonly holder: Requester | undefined;
  readonly spans: readonly Span[];
  /** When the first of them ends, RFC 3339. */
  readonly nextEnd: string;
}

/** The line of time. Milliseconds since the epoch. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

const HOUR_MS = 3_600_000;
const PAST_MS = HOUR_MS;
const MAX_AHEAD_MS = 6 * HOUR_MS;

/** One hour back, and ahead to the last deadline: one hour at least, six at most. */
export function windowOf(live: Live, now: number): Window {
  const last = Math.max(now, ...live.grants.map(({ grant }) => Date.parse(grant.ends_at)));
  const ahead = Math.min(Math.max(last - now, HOUR_MS), MAX_AHEAD_MS);
  return { from: now - PAST_MS, to: now + ahead };
}

/** Where a moment is on the line, 0 to 1; what is beyond an end is at it. */
export function placeOf(at: number, { from, to }: Window): number {
  return Math.min(1, Math.max(0, (at - from) / (to - from)));
}

function spanOf(entry: LiveGrant, line: Window): Span {
  return {
    entry,
    from: placeOf(Date.parse(entry.grant.activated_at), line),
    to: placeOf(Date.parse(entry.grant.ends_at), line),
    kind: entry.break_glass ? "emergency" : entry.risk === "high" ? "high" : "other",
  };
}

/** Grants by who holds them; whoever holds an emergency's first, then whoever has the one that ends next. */
export function lanesOf(live: Live, line: Window): readonly Lane[] {
  const byHolder = Map.groupBy(
    live.grants.toSorted((a, b) => a.grant.ends_at.localeCompare(b.grant.ends_at)),
    ({ grant }) => holderKey(grant.requester),
  );
  const lanes = [...byHolder].map(([key, entries]): Lane => {
    const [first] = entries;
    return {
      key,
      name: first?.grant.requester.name ?? "",
      holder: first?.grant.requester,
      spans: entries.map((entry) => spanOf(entry, line)),
      nextEnd: first?.grant.ends_at ?? "",
    };
  });
  const emergencies = (lane: Lane): number => (lane.spans.some(({ kind }) => kind === "emergency") ? 1 : 0);
  return lanes.toSorted((a, b) => emergencies(b) - emergencies(a) || a.nextEnd.localeCompare(b.nextEnd));
}

/** The whole hours between the ends of the line, for its marks; with an hour's name every so often. */
export function hourMarks({ from, to }: Window): readonly number[] {
  const first = Math.ceil(from / HOUR_MS) * HOUR_MS;
  return Array.from(
    { length: Math.max(0, Math.floor((to - first) / HOUR_MS) + 1) },
    (_, index) => first + index * HOUR_MS,
  );
}

/** One hour of a chart: heights from 0 to 1. */
export interface Bar {
  readonly at: string;
  readonly acts: number;
  readonly denied: number;
  readonly height: number;
  readonly deniedHeight: number;
}

/** The hours as bars; the highest is as high as the chart. */
export function barsOf(hours: Overview["hours"]): readonly Bar[] {
  const highest = Math.max(1, ...hours.map(({ acts, denied }) => acts + denied));
  return hours.map(({ at, acts, denied }) => ({
    at,
    acts,
    denied,
    height: (acts + denied) / highest,
    deniedHeight: denied / highest,
  }));
}
