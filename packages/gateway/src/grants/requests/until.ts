import { formatDuration } from "../../kernel/durations.ts";
import type { GrantRules } from "../grants.ts";

// An operation may end at a time: that of a connection that is observed does. No grant of it lasts longer.

/** The earliest end of some operations, milliseconds since the epoch, with its operation; undefined: none ends. */
function endOf(
  { inventory }: Pick<GrantRules, "inventory">,
  connection: string,
  operations: readonly string[],
): { readonly operation: string; readonly until: number } | undefined {
  const ends = operations.flatMap((operation) => {
    const until = inventory.get(connection)?.get(operation)?.until;
    return until === undefined ? [] : [{ operation, until }];
  });
  return ends.toSorted((one, other) => one.until - other.until)[0];
}

/** Whether one of some operations is over. @param at milliseconds since the epoch */
export function isPast(
  rules: Pick<GrantRules, "inventory">,
  connection: string,
  operations: readonly string[],
  at: number,
): boolean {
  const end = endOf(rules, connection, operations);
  return end !== undefined && end.until <= at;
}

/**
 * Why a grant of some operations cannot last that long, in words; undefined: it can.
 * @param at when it would begin, milliseconds since the epoch
 * @param ttl milliseconds
 */
export function tooLong(
  rules: Pick<GrantRules, "inventory">,
  { connection, operations }: { readonly connection: string; readonly operations: readonly string[] },
  at: number,
  ttl: number,
): string | undefined {
  const end = endOf(rules, connection, operations);
  if (end === undefined || at + ttl <= end.until) return undefined;
  const name = `${connection}/${end.operation}`;
  const when = new Date(end.until).toISOString().replace(/:00\.000Z$/, "Z");
  const left = Math.floor((end.until - at) / 1000) * 1000;
  return left <= 0
    ? `${name} ended at ${when}; ask for the operations that the task needs (mayfly operations)`
    : `${name} ends at ${when}: ask for ${formatDuration(left)} or less`;
}
