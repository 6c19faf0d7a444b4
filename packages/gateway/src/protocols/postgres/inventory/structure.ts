import { MayflyError } from "../../../kernel/errors.ts";
import { type DatabaseFacts, plainDatabase, withColumns } from "../guard/database.ts";
import { MAX_TEXT_BYTES, parse } from "../guard/syntax/grammar.ts";

/** What a database's own description says of its tables and views, by their full names. */
export interface DatabaseStructure {
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** Columns that are a primary key or unique, each by itself. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
  /** Columns that are arrays of PostgreSQL's own types. */
  readonly arrays: ReadonlyMap<string, ReadonlySet<string>>;
  /** Columns whose every namesake in the database holds short values alone: numbers, times, short texts. */
  readonly shortColumns: ReadonlySet<string>;
  /** Functions and procedures, without their schemas. */
  readonly functions: ReadonlySet<string>;
  /** Its types and domains, without their schemas. */
  readonly types: ReadonlySet<string>;
}

/** Types whose values have at most 255 characters (docs/postgres-scopes.md, "What nothing could end"). */
const shortTypes: ReadonlySet<string> = new Set(
  [
    "bool int2 int4 int8 float4 float8 numeric money oid uuid char serial bigserial smallserial",
    "date time timetz timestamp timestamptz interval inet cidr macaddr",
    "int4range int8range numrange daterange tsrange tstzrange",
  ].flatMap((names) => names.split(" ")),
);
const MAX_SHORT = 255;

type Node = Readonly<Record<string, unknown>>;

const nodesOf = (value: unknown): readonly Node[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === "object" && each !== null) : [];
const nodeOf = (value: unknown): Node | undefined =>
  typeof value === "object" && value !== null ? (value as Node) : undefined;
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const stringsOf = (value: unknown): readonly string[] =>
  nodesOf(value).map((each) => textOf(nodeOf(each["String"])?.["sval"]));

function fullName(relation: unknown, usual: string): string {
  const node = nodeOf(relation);
  return `${textOf(node?.["schemaname"]) || usual}.${textOf(node?.["relname"])}`;
}

/**
 * Reads what `pg_dump --schema-only` prints, or another file that makes the tables.
 * @param schema of names without one, until the file sets its search path
 * @throws MayflyError when it is too long or PostgreSQL's grammar does not take it
 */
export function readStructure(dump: string, schema: string): DatabaseStructure {
  const hint = "write it with pg_dump --schema-only --no-owner --no-privileges";
  // psql's own commands (\restrict, \connect) are no SQL.
  const sql = dump.replaceAll(/^\\.*$/gmu, "");
  if (Buffer.byteLength(sql) > MAX_TEXT_BYTES)
    throw new MayflyError("structure_too_long", `the schema has more than ${MAX_TEXT_BYTES} bytes`, { hint });
  let statements: readonly unknown[];
  try {
    statements = parse(sql).statements;
  } catch (error) {
    const why = error instanceof Error ? error.message : "";
    throw new MayflyError("structure_unreadable", `the schema cannot be read: ${why}`, { hint });
  }
  const columns = new Map<string, string[]>();
  const keys = new Map<string, readonly string[]>();
  const short = new Map<string, boolean>();
  const arrays = new Map<string, Set<string>>();
  const functions = new Set<string>();
  const types = new Set<string>();
  let usual = schema;
  for (const statement of statements) {
    const node = nodeOf(statement);
    usual = searchedFirst(node) ?? usual;
    const created = nodeOf(node?.["CreateStmt"] ?? node?.["CreateForeignTableStmt"]);
    const base = nodeOf(created?.["base"] ?? created?.["baseStmt"]) ?? created;
    if (base !== undefined) {
      const name = fullName(base["relation"], usual);
      const inherited = inheritedBy(base, usual, columns);
      addTable(name, base["tableElts"], columns, keys, short);
      arrays.set(name, arraysIn(base["tableElts"]));
      if (inherited === undefined) columns.delete(name);
      else columns.set(name, [...new Set([...inherited, ...(columns.get(name) ?? [])])]);
    }
    const called = stringsOf(nodeOf(node?.["CreateFunctionStmt"])?.["funcname"]).at(-1);
    if (called !== undefined) functions.add(called);
    const type = typeMadeBy(node);
    if (type !== undefined) types.add(type);
    const altered = nodeOf(node?.["AlterTableStmt"]);
    if (altered !== undefined)
      addAlterations(fullName(altered["relation"], usual), altered["cmds"], columns, keys);
  }
  return {
    columns,
    keys,
    shortColumns: new Set([...short].filter(([, isShort]) => isShort).map(([name]) => name)),
    arrays,
    functions,
    types,
  };
}

/** The columns that a table has of others; undefined: it has some that the statement does not tell. */
function inheritedBy(
  base: Node,
  usual: string,
  columns: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined {
  const elements = nodesOf(base["tableElts"]);
  if (base["ofTypename"] !== undefined || elements.some((each) => each["TableLikeClause"] !== undefined))
    return undefined;
  const parents = nodesOf(base["inhRelations"]).map((each) => columns.get(fullName(each["RangeVar"], usual)));
  return parents.some((each) => each === undefined) ? undefined : parents.flatMap((each) => each ?? []);
}

/** The type that a statement makes, without its schema; undefined: none. */
function typeMadeBy(statement: Node | undefined): string | undefined {
  const composite = nodeOf(statement?.["CompositeTypeStmt"]);
  if (composite !== undefined) return textOf(nodeOf(composite["typevar"])?.["relname"]);
  const [names] = [
    nodeOf(statement?.["CreateEnumStmt"])?.["typeName"],
    nodeOf(statement?.["CreateRangeStmt"])?.["typeName"],
    nodeOf(statement?.["CreateDomainStmt"])?.["domainname"],
    nodeOf(statement?.["DefineStmt"])?.["defnames"],
  ].filter((each) => each !== undefined);
  return stringsOf(names).at(-1);
}

/** What SET search_path names first; undefined: the statement is another. */
function searchedFirst(statement: Node | undefined): string | undefined {
  const set = nodeOf(statement?.["VariableSetStmt"]);
  if (set?.["name"] !== "search_path") return undefined;
  const value = nodeOf(nodeOf(nodesOf(set["args"])[0]?.["A_Const"])?.["sval"])?.["sval"];
  return textOf(value) || undefined;
}

function addTable(
  name: string,
  elements: unknown,
  columns: Map<string, string[]>,
  keys: Map<string, readonly string[]>,
  short: Map<string, boolean>,
): void {
  const own = columns.get(name) ?? [];
  columns.set(name, own);
  for (const element of nodesOf(elements)) {
    const column = nodeOf(element["ColumnDef"]);
    if (column === undefined) {
      addKey(name, element["Constraint"], keys);
      continue;
    }
    const columnName = textOf(column["colname"]);
    own.push(columnName);
    short.set(columnName, isShort(column["typeName"]) && short.get(columnName) !== false);
    for (const constraint of nodesOf(column["constraints"]))
      if (isKey(nodeOf(constraint["Constraint"]))) keys.set(name, [...(keys.get(name) ?? []), columnName]);
  }
}

function addKey(table: string, value: unknown, keys: Map<string, readonly string[]>): void {
  const constraint = nodeOf(value);
  const columns = stringsOf(constraint?.["keys"]);
  // Of a key of several columns none tells rows apart by itself.
  if (isKey(constraint) && columns.length === 1) keys.set(table, [...(keys.get(table) ?? []), ...columns]);
}

const isKey = (constraint: Node | undefined): boolean =>
  constraint?.["contype"] === "CONSTR_PRIMARY" || constraint?.["contype"] === "CONSTR_UNIQUE";

function addAlterations(
  table: string,
  commands: unknown,
  columns: Map<string, string[]>,
  keys: Map<string, readonly string[]>,
): void {
  for (const each of nodesOf(commands)) {
    const command = nodeOf(each["AlterTableCmd"]);
    const definition = nodeOf(command?.["def"]);
    if (command?.["subtype"] === "AT_AddConstraint") addKey(table, definition?.["Constraint"], keys);
    // What pg_dump itself never writes is left out: the columns of a child are in its own statement. A table some of whose
    // columns are not known stays unknown.
    const known = columns.get(table);
    if (command?.["subtype"] === "AT_AddColumn" && known !== undefined)
      columns.set(table, [...known, textOf(nodeOf(definition?.["ColumnDef"])?.["colname"])]);
  }
}

/** Types of PostgreSQL's own that have no fields, beside the short ones. */
const plainTypes: ReadonlySet<string> = new Set([
  "text",
  "varchar",
  "bpchar",
  "json",
  "jsonb",
  "bytea",
  "citext",
]);

/** The columns that are arrays of such. */
function arraysIn(elements: unknown): Set<string> {
  return new Set(
    nodesOf(elements).flatMap((element) => {
      const column = nodeOf(element["ColumnDef"]);
      const type = nodeOf(column?.["typeName"]);
      const name = stringsOf(type?.["names"]).at(-1) ?? "";
      const isArray = type?.["arrayBounds"] !== undefined;
      return isArray && (shortTypes.has(name) || plainTypes.has(name)) ? [textOf(column?.["colname"])] : [];
    }),
  );
}

function isShort(value: unknown): boolean {
  const type = nodeOf(value);
  if (type === undefined || type["arrayBounds"] !== undefined) return false;
  const name = stringsOf(type["names"]).at(-1) ?? "";
  if (shortTypes.has(name)) return true;
  if (name !== "varchar" && name !== "bpchar") return false;
  const length = nodeOf(nodeOf(nodeOf(nodesOf(type["typmods"])[0]?.["A_Const"])?.["ival"]))?.["ival"];
  return typeof length === "number" && length <= MAX_SHORT;
}

/** Every name there is. */
class EveryName extends Set<string> {
  override has(): boolean {
    return true;
  }
}

/**
 * What the guard is told of the database, where there is nobody to ask.
 * @param structure left out: columns are taken to hold short values, as most do; a session asks the database
 */
export function assumedDatabase(structure: DatabaseStructure | undefined): DatabaseFacts {
  if (structure === undefined)
    return { ...plainDatabase, key: "short columns", shortColumns: new EveryName() };
  const { columns, arrays, shortColumns } = structure;
  return { ...withColumns(plainDatabase, { columns, arrays }), shortColumns };
}
