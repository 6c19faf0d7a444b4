import type { AuditRecords } from "@mayfly/sdk/browser";

/** A log of which an answer may lack something. */
export type LackingLog = Pick<NonNullable<AuditRecords["partial"]>[number], "log" | "lacks">;

/** Each name once. */
const listed = (names: readonly string[]): string => [...new Set(names)].join(", ");

/**
 * Which logs an answer may lack something of, each once; undefined: none.
 * @param retired those that were given up
 */
export function lackingText(
  partial: readonly LackingLog[] = [],
  retired: readonly LackingLog[] = [],
): string | undefined {
  const silent = partial.filter(({ lacks }) => lacks !== "newest").map(({ log }) => log);
  const behind = partial.map(({ log }) => log).filter((log) => !silent.includes(log));
  const texts = [
    silent.length === 0 ? [] : [`without some of ${listed(silent)}: no answer`],
    behind.length === 0 ? [] : [`without the newest of ${listed(behind)}`],
    retired.length === 0 ? [] : [`without some of ${listed(retired.map(({ log }) => log))}: retired`],
  ].flat();
  return texts.length === 0 ? undefined : texts.join("; ");
}
