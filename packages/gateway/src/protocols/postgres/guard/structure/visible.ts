import { bySchema, type Named } from "./named.ts";
import { inSchemas, NOTHING, seenColumn, tableOf, tablesNamed } from "./by-name.ts";
import { numbersOf, type Queries } from "./queries.ts";
import { among, charArray, either, eq, isBuiltin, nameArray, oid } from "./sql.ts";

/** Classes of objects, as pg_depend and pg_description number them (pg_class.oid of their catalogues). */
export const CLASS = {
  type: 1247,
  function: 1255,
  relation: 1259,
  default: 2604,
  constraint: 2606,
  schema: 2615,
  extension: 3079,
} as const;

/**
 * Conditions, in SQL, on whether something may be seen. Objects that came with the server always may. All of it goes by
 * name, so that it holds for the scope and not for a moment's numbers.
 */
export class Visible {
  readonly named: Named;
  /** Queries of numbers: tables seen whole, tables seen in part, both, and what belongs to them. */
  readonly fullTables: string = numbersOf("full");
  readonly partTables: string = numbersOf("part");
  readonly tables: string = numbersOf("tables");
  readonly indexes: string = numbersOf("indexes");
  readonly sequences: string = numbersOf("sequences");
  readonly types: string = numbersOf("types");
  readonly roles: string = numbersOf("roles");
  readonly functions: string = numbersOf("functions");
  readonly constraints: string = numbersOf("constraints");
  readonly relations: string = numbersOf("relations");
  /** What those are, by their names. */
  readonly queries: Queries;

  constructor(named: Named, hasMultiranges = true) {
    this.named = named;
    const union = (...queries: readonly string[]): string => queries.join(" UNION ALL ");
    this.queries = new Map([
      ["full", tablesNamed(named.full)],
      ["part", tablesNamed(bySchema([...named.part.keys()]))],
      ["tables", union(this.fullTables, this.partTables)],
      ["columns", this.#columnsQuery()],
      [
        "functions",
        named.functions.size === 0
          ? NOTHING
          : `SELECT mg.oid FROM pg_catalog.pg_proc mg WHERE ${inSchemas(named.functions, "mg.pronamespace", "mg.proname")}`,
      ],
      ["indexes", `SELECT mi.indexrelid FROM pg_catalog.pg_index mi WHERE ${this.ownIndex("mi")}`],
      [
        "sequences",
        `SELECT md.objid FROM pg_catalog.pg_depend md JOIN pg_catalog.pg_class mz ON ${eq("mz.oid", "md.objid")} WHERE ${eq("md.classid", oid(CLASS.relation))} AND ${eq("md.refclassid", oid(CLASS.relation))} AND ${among("md.deptype", charArray("ai"))} AND ${eq("mz.relkind", `'S'::pg_catalog."char"`)} AND ${this.#columnOf("md.refobjid", "md.refobjsubid")}`,
      ],
      ["types", this.#typesQuery(hasMultiranges)],
      [
        "composites",
        `SELECT mc.oid FROM pg_catalog.pg_class mc WHERE ${eq("mc.relkind", `'c'::pg_catalog."char"`)} AND ${among("mc.reltype", this.types)}`,
      ],
      ["relations", union(this.tables, this.indexes, this.sequences, numbersOf("composites"))],
      [
        "roles",
        `SELECT mo.oid FROM pg_catalog.pg_roles mo WHERE ${isBuiltin("mo.oid")} OR ${eq("mo.rolname", "CURRENT_USER::pg_catalog.name")} OR ${among("mo.oid", `SELECT mt.relowner FROM pg_catalog.pg_class mt WHERE ${among("mt.oid", this.tables)}`)}`,
      ],
      ["constraints", `SELECT mk.oid FROM pg_catalog.pg_constraint mk WHERE ${this.#constraint("mk")}`],
      ["defaults", `SELECT mf.oid FROM pg_catalog.pg_attrdef mf WHERE ${this.#default("mf")}`],
    ]);
  }

  /** A relation, by its number: a table, what belongs to it, a composite type of a column. */
  relation(value: string): string {
    return either(isBuiltin(value), among(value, this.relations));
  }

  /** A relation of which every column may be seen. */
  whole(value: string): string {
    const ofWhole = `SELECT mi.indexrelid FROM pg_catalog.pg_index mi WHERE ${among("mi.indrelid", this.fullTables)}`;
    return either(
      isBuiltin(value),
      among(value, this.fullTables),
      among(value, ofWhole),
      among(value, this.sequences),
      among(value, numbersOf("composites")),
    );
  }

  /** A relation whose size is that of nothing hidden. */
  sized(value: string): string {
    return either(this.whole(value), among(value, this.indexes));
  }

  /** A row of pg_attribute. */
  attribute(row: string): string {
    const relation = `${row}.attrelid`;
    return either(
      isBuiltin(relation),
      this.ownAttribute(row),
      among(relation, this.indexes),
      among(relation, this.sequences),
      among(relation, numbersOf("composites")),
    );
  }

  /** A row of pg_attribute of a table that the scope names. */
  ownAttribute(row: string): string {
    return seenColumn(`${row}.attrelid`, `${row}.attnum`);
  }

  /** A row of pg_index of such a table: of one seen in part, where it looks at nothing but columns that may be seen. */
  ownIndex(row: string): string {
    const all = this.#columnsSeen(`${row}.indrelid`, `${row}.indkey`);
    return either(
      this.named.full.size === 0 ? "false" : among(`${row}.indrelid`, this.fullTables),
      this.named.part.size === 0
        ? "false"
        : `(${among(`${row}.indrelid`, this.partTables)} AND ${row}.indexprs IS NULL AND ${row}.indpred IS NULL AND ${all})`,
    );
  }

  /** A constraint by its number. */
  constraint(value: string): string {
    return either(isBuiltin(value), among(value, this.constraints));
  }

  /** A row of pg_attrdef: its column, and all that its expression looks at. */
  default(row: string): string {
    return either(isBuiltin(`${row}.adrelid`), among(`${row}.oid`, numbersOf("defaults")));
  }

  type(value: string): string {
    return either(isBuiltin(value), among(value, this.types));
  }

  function(value: string): string {
    return either(isBuiltin(value), this.named.functions.size === 0 ? "false" : among(value, this.functions));
  }

  /** A row of pg_namespace. */
  schema(row: string): string {
    return either(
      isBuiltin(`${row}.oid`),
      this.named.schemas.size === 0 ? "false" : among(`${row}.nspname`, nameArray(this.named.schemas)),
    );
  }

  role(value: string): string {
    return among(value, this.roles);
  }

  /** Any object, as pg_depend and pg_description name it. */
  object(classId: string, objectId: string, column: string): string {
    const schemas = `SELECT mn.oid FROM pg_catalog.pg_namespace mn WHERE ${this.schema("mn")}`;
    const attribute = `(${objectId}, ${column}) OPERATOR(pg_catalog.=) ANY (SELECT ma.attrelid, ma.attnum FROM pg_catalog.pg_attribute ma WHERE ${this.attribute("ma")})`;
    const of = (number: number, condition: string): string =>
      `(${eq(classId, oid(number))} AND ${condition})`;
    return either(
      isBuiltin(objectId),
      of(CLASS.relation, `${this.relation(objectId)} AND ${either(eq(column, "0"), attribute)}`),
      of(CLASS.type, among(objectId, this.types)),
      of(CLASS.constraint, among(objectId, this.constraints)),
      of(CLASS.default, among(objectId, numbersOf("defaults"))),
      of(CLASS.schema, among(objectId, schemas)),
      this.named.functions.size === 0 ? "false" : of(CLASS.function, among(objectId, this.functions)),
    );
  }

  /** A column by its table's number and its own, of a table that the scope names. */
  column(table: string, number: string): string {
    return either(isBuiltin(table), this.#columnOf(table, number));
  }

  /** Of a whole table any number, 0 for the table itself among them. */
  #columnOf(table: string, number: string): string {
    return either(
      this.named.full.size === 0 ? "false" : among(table, this.fullTables),
      this.named.part.size === 0 ? "false" : seenColumn(table, number),
    );
  }

  #columnsOrWhole(table: string, keys: string): string {
    return either(
      this.named.full.size === 0 ? "false" : among(table, this.fullTables),
      this.named.part.size === 0
        ? "false"
        : `(${among(table, this.partTables)} AND ${keys} IS NOT NULL AND ${this.#columnsSeen(table, keys)})`,
    );
  }

  #columnsSeen(table: string, keys: string): string {
    return `NOT EXISTS (SELECT FROM pg_catalog.unnest(${keys}) AS mu(u) WHERE NOT ${seenColumn(table, "mu.u")})`;
  }

  /** All columns on both its ends may be seen, and the index behind it. No trigger's. */
  #constraint(row: string): string {
    const near = this.#columnsOrWhole(`${row}.conrelid`, `${row}.conkey`);
    const far = this.#columnsOrWhole(`${row}.confrelid`, `${row}.confkey`);
    const hasIndex = among(`${row}.contype`, charArray("pux"));
    const isTrigger = eq(`${row}.contype`, `'t'::pg_catalog."char"`);
    return either(
      `(NOT ${isTrigger} AND ${near} AND ${either(eq(`${row}.confrelid`, oid(0)), far)} AND (NOT ${hasIndex} OR ${among(`${row}.conindid`, this.indexes)}))`,
      `(${eq(`${row}.conrelid`, oid(0))} AND ${among(`${row}.contypid`, this.types)})`,
    );
  }

  #default(row: string): string {
    const other = `SELECT FROM pg_catalog.pg_depend md WHERE ${eq("md.classid", oid(CLASS.default))} AND ${eq("md.objid", `${row}.oid`)} AND ${eq("md.refclassid", oid(CLASS.relation))} AND ${eq("md.refobjid", `${row}.adrelid`)} AND NOT ${this.#columnOf("md.refobjid", "md.refobjsubid")}`;
    return `${this.#columnOf(`${row}.adrelid`, `${row}.adnum`)} AND NOT EXISTS (${other})`;
  }

  #columnsQuery(): string {
    const condition = either(
      this.named.full.size === 0 ? "false" : among("ma.attrelid", this.fullTables),
      ...[...this.named.part].map(([full, columns]) =>
        columns.size === 0
          ? "false"
          : `(${eq("ma.attrelid", tableOf(full))} AND ${among("ma.attname", nameArray(columns))})`,
      ),
    );
    return `SELECT ma.attrelid, ma.attnum FROM pg_catalog.pg_attribute ma WHERE ${condition}`;
  }

  /** Types and what they are made of: elements, arrays, the domain's own type, a range's subtype, a row's columns. */
  #typesQuery(hasMultiranges: boolean): string {
    const { types } = this.named;
    const base = [
      `SELECT ma.atttypid FROM pg_catalog.pg_attribute ma WHERE NOT ${isBuiltin("ma.atttypid")} AND ${this.ownAttribute("ma")}`,
      ...(types.size === 0
        ? []
        : [
            `SELECT my.oid FROM pg_catalog.pg_type my WHERE ${inSchemas(types, "my.typnamespace", "my.typname")}`,
          ]),
      `SELECT mt.reltype FROM pg_catalog.pg_class mt WHERE ${among("mt.oid", this.tables)}`,
    ].join(" UNION ALL ");
    const ofRange = hasMultiranges
      ? ` UNION ALL SELECT mr.rngmultitypid FROM pg_catalog.pg_range mr WHERE ${eq("mr.rngtypid", "my.oid")}`
      : "";
    return `WITH RECURSIVE mz(o) AS (${base} UNION SELECT mx.o FROM mz JOIN pg_catalog.pg_type my ON ${eq("my.oid", "mz.o")} CROSS JOIN LATERAL (SELECT my.typelem AS o UNION ALL SELECT my.typbasetype UNION ALL SELECT my.typarray UNION ALL SELECT mr.rngsubtype FROM pg_catalog.pg_range mr WHERE ${eq("mr.rngtypid", "my.oid")}${ofRange} UNION ALL SELECT ma.atttypid FROM pg_catalog.pg_attribute ma JOIN pg_catalog.pg_class mc ON ${eq("mc.oid", "ma.attrelid")} WHERE ${eq("mc.oid", "my.typrelid")} AND ${eq("mc.relkind", `'c'::pg_catalog."char"`)} AND NOT ma.attisdropped) mx WHERE NOT ${isBuiltin("mx.o")}) SELECT mz.o FROM mz`;
  }
}
