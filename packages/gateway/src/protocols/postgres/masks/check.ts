import { isPattern } from "../guard/found/patterns.ts";
import type { PostgresScope, Problem, StatementKind, TableScope } from "../scope.ts";
import { maskedParts } from "./method.ts";

/**
 * Problems of a scope's masks. A masked column is one that the operation lists for reading and lets nobody write: whoever
 * may write it learns from conflicts which values there are.
 */
export function checkMasks(scope: PostgresScope): readonly Problem[] {
  const { mask, statements, tables } = scope;
  return Object.keys(mask).flatMap((full): readonly Problem[] => {
    const path = ["mask", full];
    const { table, column } = maskedParts(full);
    const entry = tables[table];
    if (entry === undefined || isPattern(table))
      return [
        {
          path,
          message: `${full} masks a column of ${table}, which has no entry of its own under tables`,
          hint: `list it: ${table}: { select: [id, ${column}] }`,
        },
      ];
    if (!statements.includes("select"))
      return [{ path, message: `${full} is never read: statements has no select`, hint: "remove the mask" }];
    return [...checkRead(path, table, column, entry), ...checkWritten(path, column, entry, statements)];
  });
}

function checkRead(
  path: Problem["path"],
  table: string,
  column: string,
  entry: TableScope,
): readonly Problem[] {
  const isListed = entry === "all" || Array.isArray(entry);
  const read = isListed ? (entry as "all" | readonly string[]) : (entry as { select?: unknown }).select;
  if (!Array.isArray(read))
    return [
      {
        path,
        message:
          read === "all"
            ? `${table} lets every column be read, so that one which is added later would come without a mask`
            : `${column} of ${table} is never read`,
        hint: `list the columns: ${table}: { select: [id, ${column}] }`,
      },
    ];
  if (!read.includes(column))
    return [
      {
        path,
        message: `${column} is not among the columns of ${table} that may be read`,
        hint: "list it, or remove the mask",
      },
    ];
  if (!isListed && (entry as { partitions?: unknown }).partitions === true)
    return [
      {
        path,
        message: `${table} grants its partitions by their own names, and a mask covers ${table} alone`,
        hint: "remove partitions: true; queries of the table reach its partitions all the same",
      },
    ];
  return [];
}

function checkWritten(
  path: Problem["path"],
  column: string,
  entry: TableScope,
  statements: readonly StatementKind[],
): readonly Problem[] {
  const writes = statements.filter((kind) => ["insert", "update", "copy_from"].includes(kind));
  if (Array.isArray(entry))
    return writes.length === 0
      ? []
      : [
          {
            path,
            message: `${column} is masked, and this entry lets ${writes.join(" and ")} write it too: conflicts would tell its values`,
            hint: "name the uses one by one: { select: […], update: […] }",
          },
        ];
  return (["insert", "update", "where"] as const).flatMap((use): readonly Problem[] => {
    const columns =
      typeof entry === "string" ? undefined : (entry as Partial<Record<typeof use, unknown>>)[use];
    const isUsed = columns === "all" || (Array.isArray(columns) && columns.includes(column));
    if (!isUsed) return [];
    const why = use === "where" ? "conditions" : "conflicts";
    return [
      {
        path,
        message: `${column} is masked and stands in ${use} too: ${why} would tell its values`,
        hint: `list what ${use} needs without it`,
      },
    ];
  });
}
