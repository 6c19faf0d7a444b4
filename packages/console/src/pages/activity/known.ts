import type { AuditRecord, Connection } from "@mayfly/sdk/browser";

/** Names that a search may be narrowed by. */
export interface Known {
  readonly principals: readonly string[];
  readonly connections: readonly string[];
  readonly operations: readonly string[];
}

/** The most that are suggested of each. */
const MAX_SUGGESTED = 200;

const names = (all: readonly string[]): readonly string[] =>
  [...new Set(all)].toSorted((a, b) => a.localeCompare(b)).slice(0, MAX_SUGGESTED);

/**
 * What is suggested: the connections and operations as they are configured, and whoever stands in the records on the screen.
 * @param connection narrows the operations to those of one connection
 */
export function knownOf(
  connections: readonly Connection[],
  records: readonly AuditRecord[],
  connection?: string,
): Known {
  const asked = connections.filter(({ name }) => connection === undefined || name === connection);
  return {
    principals: names(records.flatMap(({ principal }) => (principal === undefined ? [] : [principal.name]))),
    connections: names(connections.map(({ name }) => name)),
    operations: names(asked.flatMap(({ operations }) => operations.map(({ name }) => name))),
  };
}
