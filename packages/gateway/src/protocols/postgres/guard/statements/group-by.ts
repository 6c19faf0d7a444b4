import { isTold, type Level, unqualified } from "../names/naming.ts";
import { refuseMistake, shown } from "../denied.ts";
import { as } from "../syntax/nodes.ts";
import type { Output, Walk } from "../syntax/walk.ts";

/**
 * GROUP BY an output column whose name could also be that of a column that is not granted, and would mean that one then.
 * Its position goes on in its place: PostgreSQL takes it for the very same output column, whatever the tables have
 * (findTargetlistEntrySQL92).
 * @throws GuardDenied where the position is not certain, or where the name could mean a column that is granted
 */
export function groupByPosition(node: unknown, name: string, output: Output, level: Level, walk: Walk): void {
  const { columns, complete } = output;
  const position = columns.indexOf(name) + 1;
  const isOne = complete && columns.lastIndexOf(name) + 1 === position;
  const reference = as("ColumnRef", node);
  if (isOne && reference !== undefined && unqualified(level).every(isTold)) {
    walk.changes.positions.set(reference, position);
    return;
  }
  refuseMistake(
    "columns",
    `GROUP BY ${shown(name)} could mean a column that is not granted`,
    isOne
      ? `group by its position, GROUP BY ${position}, or by the expression itself`
      : "group by the expression itself, or by its position",
  );
}
