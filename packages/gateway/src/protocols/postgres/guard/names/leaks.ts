import { GuardDenied, shown } from "../denied.ts";
import type { Compiled, TableGrant } from "../compile.ts";
import { identifier } from "../structure/sql.ts";
import { type Fields, names, split } from "../syntax/nodes.ts";

/**
 * PostgreSQL runs a statement's conditions beside those of a view or function that it puts into the statement, the cheapest
 * first: `WHERE 1 / (CASE WHEN … THEN 0 ELSE 1 END) = 1` tells of rows that the view leaves out.
 * @param full a view's full name
 * @throws GuardDenied where the view is such a one, and the scope does not accept that
 */
export function checkView(full: string, grant: TableGrant, { database }: Compiled): void {
  if (database.leakyViews.has(full) && !grant.takesLeaks) throw viewDenied(full);
}

/** The same of a function in FROM. @throws GuardDenied */
export function checkInlined(call: Fields, { database }: Compiled): void {
  if (database.inlined.size === 0) return;
  const { schema, name } = split(names(call.funcname));
  const full = [...database.inlined].find((each) =>
    schema === undefined ? each.endsWith(`.${name}`) : each === `${schema}.${name}`,
  );
  if (full !== undefined) throw inlinedDenied(full);
}

/** Why a view is denied, by its full name, and what mends it. */
export function viewDenied(full: string): GuardDenied {
  return new GuardDenied(
    "tables",
    `a statement could learn of the rows that view ${shown(full)} leaves out, since it is no security_barrier`,
    `its owner mends it: ALTER VIEW ${quoted(full)} SET (security_barrier = true); or the operation says of it: leaky_view: accepted`,
    "operator",
  );
}

/** Why a function is denied in FROM, by its full name, and what mends it. */
export function inlinedDenied(full: string): GuardDenied {
  return new GuardDenied(
    "functions",
    `a statement could learn of the rows that function ${shown(full)} leaves out, since PostgreSQL puts its query in the call's place`,
    `its owner mends it: ALTER FUNCTION ${quoted(full)} SET search_path = …, which it should have anyway, or VOLATILE`,
    "operator",
  );
}

function quoted(full: string): string {
  const dot = full.indexOf(".");
  return `${identifier(shown(full.slice(0, dot)))}.${identifier(shown(full.slice(dot + 1)))}`;
}
