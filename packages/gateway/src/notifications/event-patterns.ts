import { recordTypes } from "../audit/records.ts";

/** Whether a pattern (`grant.revoked`, `request.*`, `*`) matches a type of record. */
function matches(pattern: string, type: string): boolean {
  return (
    pattern === "*" || pattern === type || (pattern.endsWith(".*") && type.startsWith(pattern.slice(0, -1)))
  );
}

/**
 * Which types of record a webhook gets.
 * @param events its patterns; left out: everything but acts, which are most of the log and rarely news
 */
export function matcherOf(events: readonly string[] | undefined): (type: string) => boolean {
  if (events === undefined) return (type) => !type.startsWith("act.");
  // Called for every record of a busy log.
  const known = new Set<string>(
    recordTypes.filter((type) => events.some((pattern) => matches(pattern, type))),
  );
  return (type) => known.has(type);
}

/** Whether a pattern matches no type of record, which is a typing error. */
export function matchesNothing(pattern: string): boolean {
  return !recordTypes.some((type) => matches(pattern, type));
}
