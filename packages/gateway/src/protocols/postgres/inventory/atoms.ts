import type { PostgresScope, StatementKind, TableScope } from "../scope.ts";

/** What a column of a table is needed for. */
export type ColumnUse = "select" | "insert" | "update";

/** Members of a scope that are lists of names. */
export type NamesMember = "functions" | "procedures" | "types" | "channels" | "settings";

/** The smallest piece of a scope that can be granted by itself. */
export type Atom =
  | readonly ["statement", StatementKind]
  | readonly ["column", table: string, use: ColumnUse, column: string]
  | readonly ["whole", table: string, use: ColumnUse]
  | readonly ["table", table: string, use: "delete" | "truncate" | "refresh"]
  /** A column that rows are selected by, where updates and deletes must. */
  | readonly ["key", table: string, column: string]
  | readonly ["name", NamesMember, name: string]
  | readonly ["temporary"]
  | readonly ["catalog", "granted" | "all"];

/** Tells an atom from others. */
export const atomKey = (atom: Atom): string => JSON.stringify(atom);

interface TableParts {
  readonly uses: Map<ColumnUse, "all" | Set<string>>;
  readonly flags: Set<"delete" | "truncate" | "refresh">;
  readonly keys: Set<string>;
}

/**
 * The scope that grants these atoms and nothing else. Without an atom of it, the catalogue is closed.
 * @param requiresWhere whether updates and deletes must select rows by key
 */
export function scopeOf(atoms: readonly Atom[], requiresWhere: boolean): PostgresScope {
  const statements: StatementKind[] = [];
  const tables = new Map<string, TableParts>();
  const names: Record<NamesMember, string[]> = {
    functions: [],
    procedures: [],
    types: [],
    channels: [],
    settings: [],
  };
  let temporary = false;
  let catalog: boolean | "granted" = false;
  const tableOf = (name: string): TableParts => {
    const known = tables.get(name) ?? { uses: new Map(), flags: new Set(), keys: new Set() };
    tables.set(name, known);
    return known;
  };
  for (const atom of atoms) {
    if (atom[0] === "statement") statements.push(atom[1]);
    else if (atom[0] === "column") {
      const { uses } = tableOf(atom[1]);
      const listed = uses.get(atom[2]) ?? new Set<string>();
      if (listed !== "all") uses.set(atom[2], listed.add(atom[3]));
    } else if (atom[0] === "whole") tableOf(atom[1]).uses.set(atom[2], "all");
    else if (atom[0] === "table") tableOf(atom[1]).flags.add(atom[2]);
    else if (atom[0] === "key") tableOf(atom[1]).keys.add(atom[2]);
    else if (atom[0] === "name") names[atom[1]].push(atom[2]);
    else if (atom[0] === "temporary") temporary = true;
    else if (catalog !== true) catalog = atom[1] === "all" ? true : "granted";
  }
  const onlyReads = statements.every((kind) => kind === "select" || kind === "copy_to");
  return {
    statements,
    tables: Object.fromEntries(Array.from(tables, ([name, parts]) => [name, entryOf(parts, onlyReads)])),
    ...names,
    except: [],
    extensions: [],
    temporary_tables: temporary,
    catalog,
    require_where: requiresWhere,
    mask: {},
  };
}

function entryOf({ uses, flags, keys }: TableParts, onlyReads: boolean): TableScope {
  const listed = (columns: "all" | Set<string>): "all" | string[] =>
    columns === "all" ? "all" : [...columns];
  const select = uses.get("select");
  if (onlyReads && select !== undefined && uses.size + flags.size + keys.size === 1) return listed(select);
  return {
    ...Object.fromEntries(Array.from(uses, ([use, columns]) => [use, listed(columns)])),
    ...Object.fromEntries(Array.from(flags, (flag) => [flag, true])),
    ...(keys.size === 0 ? {} : { where: [...keys] }),
  };
}

/**
 * The same scope as a configuration says it, in an order that people read. The catalogue is left as it is by default: what an
 * operation grants shows its structure.
 */
export function writtenScope(scope: PostgresScope): Readonly<Record<string, unknown>> {
  const sorted = Object.entries(scope.tables).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const lists = ["functions", "procedures", "types", "channels", "settings"] as const;
  return {
    statements: scope.statements,
    ...(sorted.length === 0
      ? {}
      : { tables: Object.fromEntries(sorted.map(([name, entry]) => [name, writtenTable(entry)])) }),
    ...Object.fromEntries(
      lists.filter((each) => scope[each].length > 0).map((each) => [each, scope[each].toSorted()]),
    ),
    ...(scope.temporary_tables ? { temporary_tables: true } : {}),
    ...(scope.require_where ? { require_where: true } : {}),
    ...(scope.catalog === true ? { catalog: true } : {}),
  };
}

function writtenTable(entry: TableScope): unknown {
  if (typeof entry === "string") return entry;
  if (Array.isArray(entry)) return columnsInOrder(entry);
  const { where, ...uses } = entry;
  const isUsualKey = where?.length === 1 && where[0] === "id";
  return {
    ...Object.fromEntries(
      Object.entries(uses).map(([use, value]) => [use, Array.isArray(value) ? columnsInOrder(value) : value]),
    ),
    ...(where === undefined || isUsualKey ? {} : { where: columnsInOrder(where) }),
  };
}

/** `id` first, then by name. */
function columnsInOrder(columns: readonly string[]): readonly string[] {
  return columns.toSorted((one, other) =>
    one === "id" ? -1 : other === "id" ? 1 : one < other ? -1 : one > other ? 1 : 0,
  );
}
