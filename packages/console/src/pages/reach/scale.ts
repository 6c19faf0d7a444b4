import { shortSpan } from "../../components/duration.ts";
import type { Cell } from "./matrix.ts";

/** One step of the scale: from what is granted at once to what is never. */
export type Step = "once" | "one" | "more" | "emergency" | "forbidden" | "none";

/** The scale, from least asked to most; what stands in the legend. */
export const scale: readonly (readonly [step: Step, words: string])[] = [
  ["once", "at once"],
  ["one", "one person"],
  ["more", "two people or more"],
  ["emergency", "emergency only"],
  ["forbidden", "forbidden"],
];

/** Which step of the scale a cell is. */
export function stepOf({ kind, best }: Cell): Step {
  switch (kind) {
    case "open":
      return "once";
    case "approval":
      return (best?.approval?.count ?? 1) > 1 ? "more" : "one";
    case "break_glass":
      return "emergency";
    case "forbidden":
      return "forbidden";
    case "none":
      return "none";
    default:
      return kind satisfies never;
  }
}

/** A cell in a word or two. */
export function cellText(cell: Cell): string {
  switch (stepOf(cell)) {
    case "once":
      return "at once";
    case "one":
      return "1 person";
    case "more":
      return `${cell.best?.approval?.count ?? 2} people`;
    case "emergency":
      return "emergency";
    case "forbidden":
      return "forbidden";
    case "none":
      return "no";
  }
}

/** What limits a cell: "at most 12 h, conditional"; empty where nothing does. */
export function limitText({ best, conditional }: Cell): string {
  const maxTtlSeconds = best?.ttl_max_seconds;
  return [
    ...(maxTtlSeconds === undefined ? [] : [`at most ${shortSpan(maxTtlSeconds)}`]),
    ...(conditional ? ["conditional"] : []),
  ].join(", ");
}
