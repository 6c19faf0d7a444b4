import { formatDuration } from "../kernel/durations.ts";
import type { PolicyEntry, PolicyProblem } from "./types.ts";

/** The longest break-glass grant, milliseconds, whatever a policy says. */
const MAX_BREAK_GLASS_MS = 3_600_000;

/**
 * What is wrong with policies for breaking glass: those are for a short time, at once, and never for longer than the
 * ordinary way would give.
 */
export function breakGlassProblems(entries: readonly PolicyEntry[]): readonly PolicyProblem[] {
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
      const ordinary = longestOrdinary(entries, entry.connection, operation);
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

/** The longest time-to-live that an ordinary policy gives for an operation; undefined when none permits it. */
function longestOrdinary(
  entries: readonly PolicyEntry[],
  connection: string,
  operation: string,
): number | undefined {
  const terms = entries.flatMap((entry) =>
    !entry.forbid &&
    entry.breakGlass !== true &&
    entry.connection === connection &&
    entry.operations.includes(operation) &&
    entry.ttl !== undefined
      ? [entry.ttl.max]
      : [],
  );
  return terms.length === 0 ? undefined : Math.max(...terms);
}
