import type { Compiled } from "../compile.ts";
import { functions } from "../expressions/builtin.ts";

/**
 * The output columns of a function that the scope grants, where the database told them and all of its overloads agree.
 * The empty name is that of a single result without one: its alias, or its function, names it.
 * @param parts the function's name as it is written
 */
export function foundColumns(parts: readonly string[], scope: Compiled): readonly string[] | undefined {
  const [first, second, ...more] = parts;
  if (first === undefined || more.length > 0) return undefined;
  const full = second === undefined ? fullNameOf(first, scope) : `${first}.${second}`;
  if (full === undefined) return undefined;
  const isGranted = scope.functions.has(full) || scope.extensions.functions.full.has(full);
  return isGranted ? scope.database.found.results.get(full) : undefined;
}

/** What a bare name means for certain: a later schema, or pg_catalog, may have a better match. */
function fullNameOf(name: string, scope: Compiled): string | undefined {
  const [schema, ...others] = scope.searchPath;
  if (schema === undefined || others.length > 0 || functions.has(name)) return undefined;
  if ([...(scope.database.functions.get(name) ?? [])].some((each) => each !== schema)) return undefined;
  return `${schema}.${name}`;
}
