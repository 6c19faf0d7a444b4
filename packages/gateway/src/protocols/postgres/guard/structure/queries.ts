/** Queries of the gateway's own that stand before a sub-select and are named in it, in the order in which they need each other. */
export type Queries = ReadonlyMap<string, string>;

/** What their names begin with. A name in them without a schema is one of them: the innermost WITH comes first. */
const PREFIX = "mayfly_";

/** A query's numbers, as another names it. */
export const numbersOf = (name: string): string => `SELECT mw.o FROM ${PREFIX}${name} mw`;

/** A query's pairs of numbers: a table's and a column's. */
export const pairsOf = (name: string): string => `SELECT mw.t, mw.n FROM ${PREFIX}${name} mw`;

/** What stands before a query, so that those that it names are there. A name in a constant has one too many there at most. */
export function withQueries(query: string, queries: Queries): string {
  const used = new Set<string>();
  let text = query;
  for (const [name, definition] of [...queries].toReversed()) {
    if (!text.includes(`${PREFIX}${name} `)) continue;
    used.add(name);
    text += definition;
  }
  if (used.size === 0) return query;
  const all = [...queries].filter(([name]) => used.has(name));
  const definitions = all.map(
    ([name, definition]) => `${PREFIX}${name}${columnsOf(name)} AS (${definition})`,
  );
  return `WITH RECURSIVE ${definitions.join(", ")} ${query}`;
}

const columnsOf = (name: string): string => (name === "columns" ? "(t, n)" : "(o)");
