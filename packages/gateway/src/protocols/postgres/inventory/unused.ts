import type { Inventory } from "../../../gate/inventory/inventory.ts";
import { compareReach } from "../../../gate/reach.ts";
import { reachOf } from "../reach.ts";
import type { PostgresScope, TableScope } from "../scope.ts";
import { scopeOfAll } from "./cluster.ts";
import { lockedTables, withLocks } from "./locks.ts";
import { look } from "./look.ts";
import { searchPathOf } from "./search-path.ts";
import { type DatabaseStructure, readStructure } from "./structure.ts";

/** What of a scope no statement needed. What no statement asks for (the catalogue, time-outs, keys) is not looked at. */
export const unused: Inventory<PostgresScope>["unused"] = (seen, scope, { target, structure }) => {
  const searchPath = searchPathOf(target);
  const read = structure === undefined ? undefined : readStructure(structure, searchPath[0] ?? "");
  const { needing } = look(seen, searchPath, read);
  const used = scopeOfAll(withLocks(needing));
  const locked = new Set(needing.flatMap(({ needs }) => [...lockedTables(needs.atoms)]));
  const { tables, functions, procedures, channels } = used;
  const isIdle =
    Object.keys(tables).length === 0 &&
    !used.temporary_tables &&
    [functions, procedures, channels].every((names) => names.length === 0);
  if (isIdle) return undefined;
  const granted = {
    ...scope,
    tables: mapped(scope.tables, (entry, name) => written(entry, name, scope, used, read)),
  };
  const needed: PostgresScope = {
    ...used,
    tables: mapped({ ...mapped(scope.tables, () => ({})), ...tables }, (entry, name) =>
      withKeys(locked.has(name) ? lockable(entry, scope.tables[name]) : entry, scope.tables[name], used),
    ),
    catalog: scope.catalog,
    require_where: scope.require_where,
    ...(scope.timeout === undefined ? {} : { timeout: scope.timeout }),
  };
  return compareReach(reachOf(needed), reachOf(granted)).more;
};

type Tables = PostgresScope["tables"];
type Uses = Exclude<TableScope, "all" | string[]>;

const mapped = (tables: Tables, map: (entry: TableScope, name: string) => TableScope): Tables =>
  Object.fromEntries(Object.entries(tables).map(([name, entry]) => [name, map(entry, name)]));

/** An entry with each use by itself. */
function usesOf(entry: TableScope, { statements }: PostgresScope): Uses {
  if (typeof entry === "object" && !Array.isArray(entry)) return entry;
  const may = (...kinds: PostgresScope["statements"]): boolean =>
    kinds.some((kind) => statements.includes(kind));
  return {
    ...(may("select", "copy_to", "update", "delete") ? { select: entry } : {}),
    ...(may("insert", "copy_from") ? { insert: entry } : {}),
    ...(may("update") ? { update: entry } : {}),
    ...(may("delete") ? { delete: true } : {}),
  };
}

/** A granted entry, with `all` written out as the columns that there are, unless a statement needed all of them at once. */
function written(
  entry: TableScope,
  name: string,
  scope: PostgresScope,
  used: PostgresScope,
  structure: DatabaseStructure | undefined,
): TableScope {
  const columns = structure?.columns.get(name);
  const needed = used.tables[name] === undefined ? {} : usesOf(used.tables[name], used);
  const uses = usesOf(entry, scope);
  const out = (use: "select" | "insert" | "update"): Uses => {
    const listed = uses[use];
    if (listed === undefined) return {};
    return {
      [use]: listed === "all" && needed[use] !== "all" && columns !== undefined ? [...columns] : listed,
    };
  };
  return { ...uses, ...out("select"), ...out("insert"), ...out("update") };
}

/** What a lock takes: the right to change the table, whichever column that is of. */
function lockable(entry: TableScope, granted: TableScope | undefined): TableScope {
  const update =
    granted === undefined
      ? undefined
      : typeof granted === "string" || Array.isArray(granted)
        ? granted
        : granted.update;
  const uses = typeof entry === "object" && !Array.isArray(entry) ? entry : { select: entry };
  return { ...uses, ...(update === undefined ? {} : { update }) };
}

/** A needed entry with the keys that are granted, and with its uses each by itself. */
function withKeys(entry: TableScope, granted: TableScope | undefined, used: PostgresScope): TableScope {
  const { where: _, ...uses } = usesOf(entry, used);
  const keys =
    granted === undefined || typeof granted === "string" || Array.isArray(granted)
      ? undefined
      : granted.where;
  return { ...uses, ...(keys === undefined ? {} : { where: keys }) };
}
