import type { AuditHistogram } from "@mayfly/sdk/browser";
import type { Filters } from "./filters.ts";

// What the chart of acts shows, and which range a choice of bars is. Pure.

type Bucket = AuditHistogram["buckets"][number];

/** One bar: from its foot up, as parts of the chart's height. */
export interface Bar extends Bucket {
  readonly permittedHeight: number;
  readonly failedHeight: number;
  readonly deniedHeight: number;
}

/** What is there is seen, however much more there is elsewhere. */
const LEAST_HEIGHT = 0.03;

function heightOf(count: number, largestTotal: number): number {
  return count === 0 ? 0 : Math.max(LEAST_HEIGHT, count / largestTotal);
}

/** The bars of a chart, the highest as high as the chart. */
export function barsOf({ buckets }: AuditHistogram): readonly Bar[] {
  const largestTotal = Math.max(
    1,
    ...buckets.map(({ permitted, failed, denied }) => permitted + failed + denied),
  );
  return buckets.map((bucket) => {
    const heights = [bucket.permitted, bucket.failed, bucket.denied].map((count) =>
      heightOf(count, largestTotal),
    );
    const [permittedHeight = 0, failedHeight = 0, deniedHeight = 0] = heights;
    // What the least heights add is taken from the whole, so that the highest bar stays within the chart.
    const scale = 1 / Math.max(1, permittedHeight + failedHeight + deniedHeight);
    return {
      ...bucket,
      permittedHeight: permittedHeight * scale,
      failedHeight: failedHeight * scale,
      deniedHeight: deniedHeight * scale,
    };
  });
}

/** How many acts of each kind there are altogether. */
export function totalsOf({
  buckets,
}: AuditHistogram): Readonly<Record<"permitted" | "failed" | "denied", number>> {
  const sum = (of: (bucket: Bucket) => number): number =>
    buckets.reduce((total, bucket) => total + of(bucket), 0);
  return {
    permitted: sum(({ permitted }) => permitted),
    failed: sum(({ failed }) => failed),
    denied: sum(({ denied }) => denied),
  };
}

/** Some bars beside each other, by their places; in any order. */
export interface Choice {
  readonly from: number;
  readonly to: number;
}

/** Whether a bar is among those chosen. */
export function isChosen(place: number, choice: Choice | undefined): boolean {
  return (
    choice !== undefined &&
    place >= Math.min(choice.from, choice.to) &&
    place <= Math.max(choice.from, choice.to)
  );
}

/** The range that some bars cover: both ends are in it, and no bar beside them is. */
export function rangeOf(
  { buckets, step_seconds: step }: AuditHistogram,
  { from, to }: Choice,
): Required<Pick<Filters, "from" | "to">> | undefined {
  const first = buckets[Math.min(from, to)];
  const last = buckets[Math.max(from, to)];
  if (first === undefined || last === undefined) return undefined;
  return { from: first.at, to: new Date(Date.parse(last.at) + step * 1000 - 1).toISOString() };
}

/** The bar that a key leads to; undefined where it leads nowhere. */
export function placeAfter(key: string, place: number, length: number): number | undefined {
  switch (key) {
    case "ArrowLeft":
      return Math.max(0, place - 1);
    case "ArrowRight":
      return Math.min(length - 1, place + 1);
    case "Home":
      return 0;
    case "End":
      return length - 1;
    default:
      return undefined;
  }
}

/** Whether acts are among what is looked for at all. */
export function asksForActs({ types, record }: Filters): boolean {
  return record === undefined && (types === undefined || types.some((type) => type.startsWith("act.")));
}
