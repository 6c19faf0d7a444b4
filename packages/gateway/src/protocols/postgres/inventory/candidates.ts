import { readingKinds, type StatementKind, statementKinds } from "../scope.ts";
import type { Atom, ColumnUse } from "./atoms.ts";
import type { Named } from "./named.ts";
import type { NeedsParts } from "./needs.ts";
import { sensitivityOf } from "../../../gate/inventory/sensitive.ts";

const settingPattern = /^[a-z_][a-z0-9_$]{0,62}(?:\.[a-z_][a-z0-9_$]{0,62}){1,3}$/u;

/** All that the statement could need, what is rather granted first. */
export function candidatesOf(named: Named, parts: NeedsParts): readonly Atom[] {
  const { columns, functions, types, texts, nodes } = named;
  // What a temporary table may hide is no table of the database's.
  const temporaries = [...named.bare].filter((name) => parts.temporaries.has(name));
  const hidden = new Set(temporaries.map((name) => `${parts.searchPath[0] ?? ""}.${name}`));
  const tables = named.tables.filter((table) => !hidden.has(table));
  const known = tables.map((table) => ({ table, has: parts.columnsOf(table) }));
  const columnsFor = (use: ColumnUse, isKnown: boolean): readonly Atom[] =>
    known.flatMap(({ table, has }) =>
      columns
        .filter((column) => (has?.has(column) === true) === isKnown)
        .filter((column) => isKnown || systemColumns.has(column) || !parts.isWholeKnown(table))
        .map((column): Atom => ["column", table, use, column]),
    );
  const uses: readonly ColumnUse[] = [
    "select",
    ...(nodes.has("InsertStmt") || nodes.has("MergeStmt") || nodes.has("CopyStmt")
      ? (["insert"] as const)
      : []),
    ...(changing.some((each) => nodes.has(each)) ? (["update"] as const) : []),
  ];
  const namesOf = (member: "functions" | "types", all: readonly string[]): readonly Atom[] =>
    all.map((name) => ["name", member, name]);
  const isBuiltIn = (name: string): boolean => name.startsWith("pg_catalog.");
  return [
    ...kindsInOrder.map((kind): Atom => ["statement", kind]),
    ...uses.flatMap((use) => columnsFor(use, true)),
    ...tables.map((table): Atom => ["column", table, "select", anyColumnOf(table, parts)]),
    ...uses.flatMap((use) => columnsFor(use, false)),
    ...tables.flatMap((table): readonly Atom[] => [
      ["table", table, "delete"],
      ["table", table, "truncate"],
      ["table", table, "refresh"],
    ]),
    ...namesOf("functions", functions.filter(isBuiltIn)),
    ...namesOf(
      "types",
      types.filter((type) => !isLookup(type) && parts.isOwnType(type)),
    ),
    ...texts.filter((text) => settingPattern.test(text)).map((text): Atom => ["name", "settings", text]),
    ...texts.map((text): Atom => ["name", "channels", text]),
    ...uses.flatMap((use) => tables.map((table): Atom => ["whole", table, use])),
    ...(looksUp(named) ? ([["catalog", "granted"]] as const) : []),
    ...(temporaries.length > 0 ? ([["temporary"]] as const) : []),
    ...namesOf(
      "functions",
      functions.filter((name) => !isBuiltIn(name)),
    ),
    ...(nodes.has("CallStmt") ? functions.map((name): Atom => ["name", "procedures", name]) : []),
    ["catalog", "all"],
  ];
}

/** A column for whoever asks for none (`count(*)`). */
function anyColumnOf(table: string, { columnsOf, keysOf }: NeedsParts): string {
  const all = [...(columnsOf(table) ?? [])];
  const plain = all.filter((column) => sensitivityOf(column) === undefined);
  const columns = plain.length === 0 ? all : plain;
  return keysOf(table, columns)[0] ?? columns[0] ?? "id";
}

/** System columns, which every table has and no description lists. */
const systemColumns: ReadonlySet<string> = new Set(["ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"]);

/** Whether it reads the catalogue, or looks a name up in it: `'s'::regclass`. */
const looksUp = ({ catalogue, types, functions }: Named): boolean =>
  catalogue ||
  types.some((type) => isLookup(type)) ||
  functions.some((name) => name.startsWith("pg_catalog."));

/** Types of PostgreSQL's own that look names up: no operation lists them. */
const isLookup = (type: string): boolean => /\.reg[a-z]+$/u.test(type);

/** Those that read before others, and UPDATE before other changes: it is what a row lock is for. */
const kindsInOrder: readonly StatementKind[] = [
  ...statementKinds.filter((kind) => readingKinds.has(kind)),
  "update",
  ...statementKinds.filter((kind) => !readingKinds.has(kind) && kind !== "update"),
];

/** Statements and clauses that change rows, or lock them for that. */
const changing = ["InsertStmt", "UpdateStmt", "MergeStmt", "LockingClause"];
