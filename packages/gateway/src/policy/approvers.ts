import type { PolicyEntry } from "./types.ts";

/**
 * The groups whose members could have approved one ordinary request for these operations, of whomever: those that the
 * policies ask, whatever their conditions, also once it has escalated. Policies for breaking glass ask nobody.
 *
 * Operations that are granted without approval join those that need one, as in a request. With an operation that no
 * ordinary policy gives, and for operations that no group approves together, there is nobody.
 */
export function approversOf(
  entries: readonly PolicyEntry[],
  connection: string,
  operations: readonly string[],
): readonly string[] {
  const ordinary = operations.map((operation) =>
    entries.filter(
      (entry) =>
        !entry.forbid &&
        entry.breakGlass !== true &&
        entry.connection === connection &&
        entry.operations.includes(operation),
    ),
  );
  if (ordinary.some((policies) => policies.length === 0)) return [];
  const asked = ordinary
    .map((policies) =>
      policies.flatMap(({ approval }) => [...(approval?.by ?? []), ...(approval?.escalate?.to ?? [])]),
    )
    .filter((groups) => groups.length > 0);
  const [first = [], ...others] = asked;
  return [...new Set(first)].filter((group) => others.every((groups) => groups.includes(group)));
}
