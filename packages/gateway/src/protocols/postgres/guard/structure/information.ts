import {
  type Relation,
  everything,
  nothing,
  noCharacters,
  BUILTIN_SCHEMAS,
  tableNamed,
  constraintNamed,
  sequenceNamed,
  isOfWhole,
  functionNamed,
  byTable,
  byColumn,
  roleNamed,
  typeNamedBy,
  viewText,
} from "./relation.ts";
import { among, either, eq, nameArray } from "./sql.ts";
import type { Visible } from "./visible.ts";

/** Relations of information_schema, and which of their rows belong to what is granted. One that is not here is not shown. */
export const informationRelations: Readonly<Record<string, Relation>> = {
  applicable_roles: {
    rows: (visible, row) =>
      `(${eq(`${row}.role_name::pg_catalog.name`, "CURRENT_USER::pg_catalog.name")} AND ${among(`${row}.grantee::pg_catalog.name`, `SELECT mq.rolname FROM pg_catalog.pg_roles mq WHERE ${visible.role("mq.oid")}`)})`,
  },
  character_sets: everything,
  check_constraints: {
    rows: (visible, row) => constraintNamed(visible, `${row}.constraint_schema`, `${row}.constraint_name`),
  },
  collation_character_set_applicability: {
    rows: (_, row) => eq(`${row}.collation_schema::pg_catalog.name`, "'pg_catalog'::pg_catalog.name"),
  },
  collations: {
    rows: (_, row) => eq(`${row}.collation_schema::pg_catalog.name`, "'pg_catalog'::pg_catalog.name"),
  },
  column_privileges: {
    rows: (visible, row) =>
      `${byColumn.rows(visible, row)} AND ${eq(`${row}.grantee::pg_catalog.name`, "CURRENT_USER::pg_catalog.name")}`,
    columns: { grantor: roleNamed("grantor") },
  },
  columns: {
    ...byColumn,
    order: ["table_schema", "table_name", "ordinal_position"],
    columns: {
      generation_expression: (visible, row) =>
        `CASE WHEN ${isOfWhole(visible, row)} THEN ${row}.generation_expression END`,
    },
  },
  constraint_column_usage: {
    rows: (visible, row) =>
      `${byColumn.rows(visible, row)} AND ${constraintNamed(visible, `${row}.constraint_schema`, `${row}.constraint_name`)}`,
  },
  constraint_table_usage: {
    rows: (visible, row) =>
      `${byTable.rows(visible, row)} AND ${constraintNamed(visible, `${row}.constraint_schema`, `${row}.constraint_name`)}`,
  },
  element_types: {
    rows: (visible, row) =>
      either(
        `(${eq(`${row}.object_type::pg_catalog.text`, "'TABLE'::pg_catalog.text")} AND ${tableNamed(visible, `${row}.object_schema`, `${row}.object_name`)} AND ${either(among(`${row}.object_schema::pg_catalog.name`, nameArray(BUILTIN_SCHEMAS)), elementOfColumn(visible, row))})`,
      ),
  },
  enabled_roles: {
    rows: (_, row) => eq(`${row}.role_name::pg_catalog.name`, "CURRENT_USER::pg_catalog.name"),
  },
  information_schema_catalog_name: everything,
  key_column_usage: {
    rows: (visible, row) =>
      `${byColumn.rows(visible, row)} AND ${constraintNamed(visible, `${row}.constraint_schema`, `${row}.constraint_name`)}`,
  },
  parameters: {
    rows: (visible, row) => functionNamed(visible, `${row}.specific_schema`, `${row}.specific_name`),
  },
  referential_constraints: {
    rows: (visible, row) => constraintNamed(visible, `${row}.constraint_schema`, `${row}.constraint_name`),
    columns: Object.fromEntries(
      ["catalog", "schema", "name"].map((part) => [
        `unique_constraint_${part}`,
        (visible, row) =>
          `CASE WHEN ${constraintNamed(visible, `${row}.unique_constraint_schema`, `${row}.unique_constraint_name`)} THEN ${row}.unique_constraint_${part} END`,
      ]),
    ),
  },
  routines: {
    rows: (visible, row) => functionNamed(visible, `${row}.specific_schema`, `${row}.specific_name`),
    columns: { routine_definition: noCharacters },
  },
  schemata: {
    rows: (visible, row) =>
      among(
        `${row}.schema_name::pg_catalog.name`,
        nameArray([...BUILTIN_SCHEMAS, "pg_toast", ...visible.named.schemas]),
      ),
    columns: {
      schema_owner: roleNamed("schema_owner"),
    },
  },
  sequences: {
    rows: (visible, row) => sequenceNamed(visible, `${row}.sequence_schema`, `${row}.sequence_name`),
  },
  sql_features: everything,
  sql_implementation_info: everything,
  sql_sizing: everything,
  table_constraints: {
    rows: (visible, row) =>
      `${byTable.rows(visible, row)} AND ${constraintNamed(visible, `${row}.constraint_schema`, `${row}.constraint_name`)}`,
  },
  table_privileges: {
    rows: (visible, row) =>
      `${byTable.rows(visible, row)} AND ${eq(`${row}.grantee::pg_catalog.name`, "CURRENT_USER::pg_catalog.name")}`,
    columns: { grantor: roleNamed("grantor") },
  },
  tables: {
    ...byTable,
    order: ["table_schema", "table_name"],
    columns: {
      ...Object.fromEntries(
        ["catalog", "schema", "name"].map((part) => [
          `user_defined_type_${part}`,
          (visible, row) =>
            `CASE WHEN ${hasShownType(visible, row)} THEN ${row}.user_defined_type_${part} END`,
        ]),
      ),
      is_typed: (visible, row) =>
        `CASE WHEN ${hasShownType(visible, row)} THEN ${row}.is_typed ELSE 'NO'::information_schema.yes_or_no END`,
    },
  },
  triggers: nothing,
  views: { ...byTable, columns: viewText },
};

/** Whether the type that a table was made of may be seen. */
function hasShownType(visible: Visible, row: string): string {
  return typeNamedBy(visible, `${row}.user_defined_type_schema`, `${row}.user_defined_type_name`);
}

/** An element type of a table's column: `dtd_identifier` and `collection_type_identifier` hold the column's number. */
function elementOfColumn(visible: Visible, row: string): string {
  return `EXISTS (SELECT FROM pg_catalog.pg_class mt JOIN pg_catalog.pg_namespace mn ON ${eq("mn.oid", "mt.relnamespace")} JOIN pg_catalog.pg_attribute mv ON ${eq("mv.attrelid", "mt.oid")} WHERE ${eq("mn.nspname", `${row}.object_schema::pg_catalog.name`)} AND ${eq("mt.relname", `${row}.object_name::pg_catalog.name`)} AND ${eq(`${row}.collection_type_identifier::pg_catalog.text`, "mv.attnum::pg_catalog.text")} AND ${visible.ownAttribute("mv")})`;
}
