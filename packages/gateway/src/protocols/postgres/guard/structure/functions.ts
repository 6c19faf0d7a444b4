import type { CheckName } from "./checks.ts";

/** What is let through of one argument. */
export interface CheckedArgument {
  /** Its place, from 0; negative: from the end. */
  readonly index: number;
  readonly check: CheckName;
  /** The place of the argument that the check looks at too. */
  readonly other?: number;
}

const first = (check: CheckName): readonly CheckedArgument[] => [{ index: 0, check }];
const none: readonly CheckedArgument[] = [];

const words = (text: string, args: readonly CheckedArgument[]): [string, readonly CheckedArgument[]][] =>
  text
    .trim()
    .split(/\s+/u)
    .map((name) => [name, args]);

/**
 * Functions of pg_catalog that tell of what they are given by number or name: permitted under `catalog: granted` where
 * that belongs to what is granted; a NULL stands for all else. Definitions of views, functions, rules and triggers are
 * told of what came with the server alone: their text names other things.
 */
export const structureFunctions: ReadonlyMap<string, readonly CheckedArgument[]> = new Map([
  ...words(
    "pg_table_is_visible pg_get_indexdef pg_index_column_has_property pg_index_has_property",
    first("relation"),
  ),
  ...words("pg_get_partkeydef", first("whole")),
  // It names the bounds of every sibling of a default partition, and a hash partition's parent by number.
  ...words("pg_get_partition_constraintdef", first("builtin")),
  ...words("pg_get_constraintdef", first("constraint")),
  ...words("format_type pg_type_is_visible", first("type")),
  ...words(
    `pg_function_is_visible pg_get_function_arguments pg_get_function_identity_arguments pg_get_function_result
    pg_get_function_arg_default`,
    first("function"),
  ),
  ...words("pg_get_userbyid", first("role")),
  ...words("pg_is_other_temp_schema", first("schema")),
  ...words(
    `pg_get_viewdef pg_get_functiondef pg_get_function_sqlbody pg_get_ruledef pg_get_triggerdef pg_get_statisticsobjdef
    pg_get_statisticsobjdef_columns pg_get_statisticsobjdef_expressions shobj_description pg_collation_is_visible
    pg_conversion_is_visible pg_opclass_is_visible pg_operator_is_visible pg_opfamily_is_visible
    pg_statistics_obj_is_visible pg_ts_config_is_visible pg_ts_dict_is_visible pg_ts_parser_is_visible
    pg_ts_template_is_visible pg_indexam_has_property pg_tablespace_location ts_token_type`,
    first("builtin"),
  ),
  ...words(
    `pg_relation_size row_security_active pg_relation_is_publishable pg_relation_is_updatable`,
    first("relation by name"),
  ),
  // They count what belongs to hidden columns too: their indexes, and their values that stand apart.
  ...words("pg_table_size pg_total_relation_size pg_indexes_size", first("size by name")),
  ...words("pg_partition_root pg_partition_ancestors", first("rooted")),
  ...words("pg_partition_tree", first("tree")),
  ...words("to_regclass", first("relation as text")),
  ...words("pg_get_serial_sequence", first("whole as text")),
  ...words("to_regtype", first("type as text")),
  ...words("pg_basetype", first("type by name")),
  ...words("to_regnamespace", first("schema as text")),
  ["pg_describe_object", [{ index: 1, check: "object", other: 0 }]],
  // It names the role.
  ["acldefault", [{ index: 1, check: "role" }]],
  ["pg_get_expr", [{ index: 1, check: "expression", other: 0 }]],
  ["col_description", [{ index: 0, check: "column comment", other: 1 }]],
  ...words(
    `pg_encoding_to_char pg_char_to_encoding pg_get_keywords pg_my_temp_schema pg_postmaster_start_time aclexplode
    pg_options_to_table`,
    none,
  ),
]);

/** What obj_description tells of, by the name of the catalogue that its second argument names. */
export const descriptionChecks: ReadonlyMap<string, CheckName> = new Map([
  ["pg_class", "relation"],
  ["pg_type", "type"],
  ["pg_proc", "function"],
  ["pg_constraint", "constraint"],
  ["pg_namespace", "schema"],
]);

/** has_…_privilege: what stands before the privilege's name. A role before it must be the session's own. */
export const privilegeChecks: ReadonlyMap<string, CheckName> = new Map([
  ["has_table_privilege", "relation by name"],
  ["has_any_column_privilege", "relation by name"],
  ["has_sequence_privilege", "relation by name"],
  ["has_schema_privilege", "schema by name"],
  ["has_database_privilege", "database by name"],
  ["has_function_privilege", "function by name"],
  ["has_type_privilege", "type by name"],
  ["pg_has_role", "role by name"],
]);

/** Casts to types that look names up. One that is not here takes a constant that came with the server, or nothing. */
export const castChecks: ReadonlyMap<string, CheckName> = new Map([
  ["regclass", "relation by name"],
  ["regtype", "type by name"],
  ["regnamespace", "schema by name"],
  ["regrole", "role by name"],
  ["regproc", "function"],
  ["regprocedure", "function"],
  ["regoper", "builtin"],
  ["regoperator", "builtin"],
  ["regcollation", "builtin"],
  ["regconfig", "builtin"],
  ["regdictionary", "builtin"],
]);

/** Functions of the map above whose result goes on as text: beside the type that it has a text would name a role. */
export const resultsAsText: ReadonlySet<string> = new Set(["acldefault"]);

/** Functions of the map above whose result is of a type that looks names up. */
export const lookupResults: ReadonlySet<string> = new Set([
  "to_regclass",
  "to_regtype",
  "to_regnamespace",
  "pg_partition_root",
  "pg_partition_ancestors",
  "pg_partition_tree",
  "pg_basetype",
  "pg_typeof",
  "get_current_ts_config",
]);

/** Functions of information_schema that compute and nothing else, with the columns of what they return. */
export const informationFunctions: ReadonlyMap<string, readonly string[]> = new Map([
  ["_pg_expandarray", ["x", "n"]],
]);
