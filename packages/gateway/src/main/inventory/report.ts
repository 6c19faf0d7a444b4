import type { Evidence, Inventory } from "../../gate/inventory/inventory.ts";
import { tell } from "../terminal.ts";
import type { ReadCounts } from "./read-sources.ts";
import { counted, countOf } from "./words.ts";

/** What was read, as JSON. */
export const readOf = ({ acts, failed, others, untimed, unread, unreadLines }: ReadCounts): object => ({
  acts,
  failed,
  others,
  untimed,
  unread,
  unread_lines: unreadLines,
});

/** Says on standard error what the result does not rest on. */
export function tellRead(
  counts: ReadCounts,
  leftOut: number,
  { act, part, emptyHint }: Pick<Inventory<unknown>, "act" | "part" | "emptyHint">,
): void {
  const { acts, failed, others, untimed, unread, unreadLines, elsewhere } = counts;
  const beside = [
    ...(failed === 0 ? [] : [`${counted(failed)} failed or ${failed === 1 ? "was" : "were"} refused`]),
    ...(others === 0 ? [] : [`${counted(others)} ${others === 1 ? "was" : "were"} not asked for`]),
    ...(untimed === 0
      ? []
      : [
          `of ${counted(untimed)} nobody knows when, so that --since counts ${untimed === 1 ? "it" : "them"}`,
        ]),
    ...(unread === 0 ? [] : [`${counted(unread)} could not be read`]),
    ...(leftOut === 0 ? [] : [`${counted(leftOut)} of further kinds left out: there are too many`]),
  ];
  tell(`mayflyd: ${countOf(acts, act)} counted${beside.length === 0 ? "" : `; ${beside.join("; ")}`}`);
  for (const { file, line, why } of unreadLines) tell(`  ${file}${line === 0 ? "" : `:${line}`}: ${why}`);
  if (acts === 0)
    tell(
      others > 0
        ? `hint: the sources hold what others did, or what was done at other times${part === undefined ? ": look at --by and --since" : ` or at another ${part}: look at --by, --since and --${part}`}${elsewhere.size === 0 ? "" : ` (they tell of ${[...elsewhere].join(", ")})`}`
        : `hint: ${emptyHint}`,
    );
}

/** The same for JSON: counts by name, and times as RFC 3339 says them. */
export function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value as Evidence).map(([name, each]: [string, unknown]) => [
      name,
      (name === "first" || name === "last") && typeof each === "number"
        ? new Date(each).toISOString()
        : plain(each),
    ]),
  );
}
