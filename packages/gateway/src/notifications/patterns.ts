import { recordTypes } from "../audit/records.ts";

/** Whether a pattern (`grant.revoked`, `request.*`, `*`) takes a type of record. */
function takes(pattern: string, type: string): boolean {
  return (
    pattern === "*" || pattern === type || (pattern.endsWith(".*") && type.startsWith(pattern.slice(0, -1)))
  );
}

/**
 * Which types of record a webhook gets.
 * @param events its patterns; left out: everything but acts, which are most of the log and rarely news
 */
export function wantedBy(events: readonly string[] | undefined): (type: string) => boolean {
  if (events === undefined) return (type) => !type.startsWith("act.");
  // Asked for every record of a busy log.
  const known = new Set<string>(recordTypes.filter((type) => events.some((pattern) => takes(pattern, type))));
  return (type) => known.has(type);
}

/** Whether there are records that a pattern takes: one that takes none is a slip of the pen. */
export function takesNothing(pattern: string): boolean {
  return !recordTypes.some((type) => takes(pattern, type));
}
