import { formatDuration } from "../kernel/durations.ts";
import type { Terms } from "./types.ts";

/**
 * Whether the paths beside the gateway were probed closed as lately as the terms demand.
 * @param closedFor milliseconds since then; undefined: they are not known to be closed
 */
export function closedPathsFit(
  { closedPaths: maxAge }: Pick<Terms, "closedPaths">,
  closedFor: number | undefined,
): boolean {
  return maxAge === undefined || (closedFor !== undefined && closedFor <= maxAge);
}

/** What terms demand of the paths beside the gateway, for people to read. @param maxAge milliseconds */
export function closedPathsInWords(maxAge: number): string {
  return `its direct paths probed closed within ${formatDuration(maxAge)}`;
}
