/**
 * Tables and views by their full names, to stand behind FROM: `g.name` is the full name, `c` the row of pg_class, found by
 * its index, however many others there are. A name that PostgreSQL would cut off is nobody's.
 * Every name and operator has its schema: in the session's search path they could mean something else.
 * @param names as `schema.name`
 */
export function namedRelations(names: Iterable<string>): string {
  return `${named(names)}
    JOIN pg_catalog.pg_class c ON c.relname OPERATOR(pg_catalog.=) g.bare::pg_catalog.name
      AND c.relnamespace OPERATOR(pg_catalog.=) n.oid
      AND pg_catalog.concat(n.nspname, '.', c.relname) OPERATOR(pg_catalog.=) g.name`;
}

/** Functions and procedures likewise: `p` is the row of pg_proc, one for each that has the name. */
export function namedFunctions(names: Iterable<string>): string {
  return `${named(names)}
    JOIN pg_catalog.pg_proc p ON p.proname OPERATOR(pg_catalog.=) g.bare::pg_catalog.name
      AND p.pronamespace OPERATOR(pg_catalog.=) n.oid
      AND pg_catalog.concat(n.nspname, '.', p.proname) OPERATOR(pg_catalog.=) g.name`;
}

function named(names: Iterable<string>): string {
  const sorted = [...new Set(names)].toSorted();
  const texts = (part: (name: string) => string): string =>
    `pg_catalog.unnest(ARRAY[${sorted.map((name) => `'${part(name).replaceAll("'", "''")}'`).join(", ")}]::pg_catalog.text[])`;
  const dot = (name: string): number => name.indexOf(".");
  return `ROWS FROM (${texts((name) => name)}, ${texts((name) => name.slice(0, dot(name)))}, ${texts((name) => name.slice(dot(name) + 1))})
      g(name, schema, bare)
    JOIN pg_catalog.pg_namespace n ON n.nspname OPERATOR(pg_catalog.=) g.schema::pg_catalog.name`;
}
