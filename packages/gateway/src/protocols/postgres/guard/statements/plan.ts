import type { Compiled } from "../compile.ts";
import { refuse, refuseMistake, shown } from "../denied.ts";
import type { NodeKind } from "../syntax/node-fields.ts";
import { kindOf, list, names, open, text } from "../syntax/nodes.ts";
import type { Walk } from "../syntax/walk.ts";

/** What an EXPLAIN asks for beyond the plan. */
interface PlanOptions {
  readonly verbose: boolean;
  /** It runs the statement, and names the triggers that fired: those of foreign keys too, other tables' among them. */
  readonly analyze: boolean;
}

const writes = ["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"] satisfies readonly NodeKind[];

/**
 * A plan shows what stands behind the tables of its statement, where something does in this database.
 * @param isPrepared the statement was prepared before: which tables it has is not known here
 * @throws GuardDenied unless nothing stands behind any of them
 */
export function checkPlainPlan(isPrepared: boolean, { changes, scope }: Walk): void {
  const { plainTables } = scope.database;
  const behind = [...changes.tables].find((table) => !plainTables.has(table));
  if (!isPrepared && behind === undefined) return;
  const of = behind === undefined ? "a view" : shown(behind);
  refuseMistake(
    "statements",
    `a plan would show what stands behind ${of}: a view's tables, a row security policy, a generated column`,
    isPrepared
      ? "explain the statement itself"
      : "leave EXPLAIN out, or explain a statement without that table",
  );
}

/**
 * A plan counts rows that a condition leaves out (`Rows Removed by Filter`), and estimates by statistics of all of them, whose
 * bounds are values: it tells of rows that a view or a policy keeps back. With `catalog: true` too, which shows no value.
 * @param isPrepared the statement was prepared before: which tables it has is not known here
 * @throws GuardDenied where one of its tables keeps rows back
 */
export function checkWholePlan(isPrepared: boolean, { changes, scope }: Walk): void {
  const { hiding } = scope.database;
  const keeping = [...(isPrepared ? hiding : changes.tables)].find(
    (table) => hiding.has(table) && scope.tables.get(table)?.takesLeaks !== true,
  );
  if (keeping === undefined) return;
  refuseMistake(
    "statements",
    `a plan would tell of rows that ${shown(keeping)} keeps back: it counts and estimates all of them`,
    isPrepared
      ? "explain the statement itself"
      : "leave EXPLAIN out, or explain a statement without that table",
  );
}

/**
 * A verbose plan names all columns of a table that it scans: refused where only some are granted. Any plan shows the
 * body of a function in SQL that it has taken in: refused for functions of the database's own, and for casts to types of its own,
 * which may run one. One of a write that ran names foreign keys: refused.
 */
export function checkPlan(value: unknown, walk: Walk, options: PlanOptions, depth: number): void {
  const { scope } = walk;
  walk.work.spend(1);
  if (depth > 2000) refuse("limits", "the statement is nested too deeply to be judged");
  if (typeof value !== "object" || value === null) return;
  if (options.analyze && writes.some((kind) => kind in value))
    refuse(
      "columns",
      "EXPLAIN ANALYZE of a write would name foreign keys of tables and columns that are not granted",
      "leave ANALYZE out",
    );
  if (options.verbose && "relname" in value) {
    const schema = "schemaname" in value ? text(value.schemaname) : (scope.searchPath[0] ?? "");
    const full = `${schema}.${text(value.relname)}`;
    const grant = scope.tables.get(full);
    if (grant !== undefined && grant.select !== "all" && grant.touch !== "all")
      refuse(
        "columns",
        `EXPLAIN VERBOSE would name all columns of ${shown(full)}, of which only some are granted`,
        "leave VERBOSE out",
      );
  }
  if ("funcname" in value) checkPlainCall(names(value.funcname), scope);
  // PostgreSQL calls a function by `t.name` too, where t has no such column.
  if ("fields" in value && list(value.fields).length > 1) checkPlainCall(lastName(value.fields), scope);
  if ("typeName" in value) checkPlainType(value.typeName, scope);
  for (const entry of Object.values(value)) checkPlan(entry, walk, options, depth + 1);
}

/** @throws GuardDenied where the name is that of a function of the database's own */
function checkPlainCall(parts: readonly string[], { functions, functionNames }: Compiled): void {
  const name = parts.at(-1) ?? "";
  if (functions.size > 0 && functionNames.has(name))
    refuse(
      "functions",
      `EXPLAIN would show what the function ${shown(name)} does inside`,
      "explain a statement without it",
    );
}

/** The last part of a column's name; none of a star. */
function lastName(fields: unknown): readonly string[] {
  return names(
    list(fields)
      .slice(-1)
      .filter((part) => kindOf(part) === "String"),
  );
}

/** @throws GuardDenied where a cast to the type could run a function of the database's own; the enums of columns have none. */
function checkPlainType(type: unknown, { types, enums }: Compiled): void {
  if (types.size === 0) return;
  const name = names(open("TypeName", type).names).at(-1) ?? "";
  const isNamed = (full: string): boolean =>
    [name, name.replace(/^_/u, "")].includes(full.slice(full.indexOf(".") + 1));
  if ([...types].some((full) => isNamed(full) && !enums.has(full)))
    refuse(
      "types",
      `EXPLAIN would show what a cast to ${shown(name)} does inside`,
      "explain a statement without it",
    );
}
