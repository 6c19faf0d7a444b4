import { refuse, refuseMistake, shown } from "../denied.ts";
import { aliasOf, resolveTable, tableRange } from "../names/tables.ts";
import { as, type Fields, list, open, text } from "../syntax/nodes.ts";
import type { Walk } from "../syntax/walk.ts";
import { isPinned } from "./pinned.ts";
import { valueItems } from "./value-items.ts";

/** FOR UPDATE and the like lock rows against others: granted where those rows could be changed anyway. */
export function checkLock(node: unknown, select: Fields, walk: Walk): void {
  const lock = open("LockingClause", as("LockingClause", node));
  const wanted = list(lock.lockedRels).map((relation) =>
    text(open("RangeVar", as("RangeVar", relation)).relname),
  );
  const items = list(select.fromClause).flatMap((item) => joined(item));
  const names = new Set<string>();
  for (const item of items) {
    const relation = as("RangeVar", item);
    const name =
      relation === undefined ? undefined : (aliasOf(relation.alias)?.name ?? text(relation.relname));
    if (name !== undefined) names.add(name);
    if (wanted.length > 0 && name !== undefined && !wanted.includes(name)) continue;
    // FOR UPDATE without OF locks everything; with it, only what it names, which must be found among the tables.
    if (relation === undefined && wanted.length > 0) continue;
    if (relation === undefined || select.withClause !== undefined)
      refuseMistake("statements", "row locks are granted for plain tables only");
    const table = resolveTable(relation, walk.scope);
    if (table.isTemporary) continue;
    const grant = walk.scope.tables.get(table.full);
    if (grant === undefined || (grant.update === undefined && !grant.delete))
      refuse(
        "statements",
        `row locks on ${shown(table.full)} are not granted: ${walk.scope.name} only reads it`,
      );
    const pinning = {
      keys: grant.keys,
      target: tableRange(relation, table, "all", walk.scope),
      joined: items.length > 1,
      values: valueItems(select.fromClause),
    };
    if (walk.scope.requireWhere && !isPinned(select.whereClause, pinning))
      refuse("require_where", `row locks on ${shown(table.full)} must find their rows by a key`);
  }
  if (wanted.some((name) => !names.has(name)))
    refuseMistake("statements", "row locks are granted for plain tables only");
}

/** The items of a join one by one; a join with an alias stays one item. */
function joined(item: unknown): readonly unknown[] {
  const join = as("JoinExpr", item);
  if (join === undefined || join.alias !== undefined) return [item];
  return [...joined(join.larg), ...joined(join.rarg)];
}
