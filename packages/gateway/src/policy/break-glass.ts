import { formatDuration } from "../kernel/durations.ts";
import type { PolicyEntry, PolicyProblem } from "./types.ts";

/** The longest break-glass grant, milliseconds, whatever a policy says. */
const MAX_BREAK_GLASS_MS = 3_600_000;

/**
 * What is wrong with policies for breaking glass: those are for a short time, at once, and never for longer than the
 * ordinary way would give.
 */
export function breakGlassProblems(entries: readonly PolicyEntry[]): readonly PolicyProblem[] {
  const longest = longestOrdinary(entries);
  return entries.flatMap((entry, index) => {
    if (entry.breakGlass !== true) return [];
    const problems: PolicyProblem[] = [];
    const add = (member: keyof PolicyEntry, message: string, hint: string): void => {
      problems.push({ index, member, message, hint });
    };
    if (entry.forbid) {
      add(
        "breakGlass",
        "a policy that forbids breaks no glass",
        "remove `break_glass`, or `forbid`; a forbid holds for breaking glass too unless its `when` says `!context.break_glass`",
      );
      return problems;
    }
    if (entry.approval !== undefined) {
      add("approval", "nobody approves breaking glass", "remove `approval`, or `break_glass`");
    }
    if (entry.ttl === undefined) return problems;
    if (entry.ttl.max > MAX_BREAK_GLASS_MS) {
      add(
        "ttl",
        `glass is broken for ${formatDuration(MAX_BREAK_GLASS_MS)} at most`,
        `write for example \`ttl: 15m\``,
      );
    }
    for (const operation of entry.operations) {
      const ordinary = longest.get(keyOf(entry.connection, operation));
      if (ordinary === undefined || entry.ttl.max <= ordinary) continue;
      add(
        "ttl",
        `this is longer than the ${formatDuration(ordinary)} that an ordinary policy gives for ${entry.connection}/${operation}`,
        `write ${formatDuration(ordinary)} or less`,
      );
    }
    return problems;
  });
}

function keyOf(connection: string, operation: string): string {
  return JSON.stringify([connection, operation]);
}

/** The longest time-to-live that an ordinary policy gives for each operation that one permits. */
function longestOrdinary(entries: readonly PolicyEntry[]): ReadonlyMap<string, number> {
  const longest = new Map<string, number>();
  for (const { forbid, breakGlass, shadow, connection, operations, ttl } of entries) {
    if (forbid || breakGlass === true || shadow === true || ttl === undefined) continue;
    for (const operation of operations) {
      const key = keyOf(connection, operation);
      longest.set(key, Math.max(longest.get(key) ?? Number.NEGATIVE_INFINITY, ttl.max));
    }
  }
  return longest;
}
