/**
 * What drivers read on connecting: permitted always, these columns alone. Collected from psql, libpq, node-postgres,
 * postgres.js, pgJDBC, psycopg, asyncpg, pgx, Npgsql, SQLAlchemy, Django and ActiveRecord.
 */
export const driverRelations: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    pg_type: [
      "oid",
      "typname",
      "typnamespace",
      "typlen",
      "typbyval",
      "typtype",
      "typcategory",
      "typispreferred",
      "typisdefined",
      "typdelim",
      "typelem",
      "typarray",
      "typinput",
      "typoutput",
      "typreceive",
      "typsend",
      "typnotnull",
      "typbasetype",
      "typtypmod",
      "typndims",
      "typcollation",
    ],
    pg_namespace: ["oid", "nspname"],
    pg_range: ["rngtypid", "rngsubtype", "rngmultitypid", "rngcollation", "rngsubopc"],
    pg_enum: ["oid", "enumtypid", "enumsortorder", "enumlabel"],
  }).map(([name, columns]) => [name, new Set(columns)]),
);

/** Of those, the columns whose type looks names up: a text beside one is a question whether that name exists. */
export const driverLookups: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["pg_type", new Set(["typinput", "typoutput", "typreceive", "typsend"])],
  ["pg_prepared_statements", new Set(["parameter_types", "result_types"])],
]);

/**
 * What pg_catalog shows of the session itself: what it has prepared and opened, as it was sent. Permitted always, unless
 * code of the database's own runs in the session: a function may leave a cursor with its own text.
 */
export const sessionRelations: ReadonlySet<string> = new Set(["pg_prepared_statements", "pg_cursors"]);

/**
 * Relations of pg_catalog that `catalog: true` opens: names and structure. Not here, and so never readable: secrets
 * (pg_authid, pg_shadow, pg_user_mapping, pg_subscription, pg_foreign_server), values of columns (pg_statistic,
 * pg_stats, pg_largeobject), other sessions (pg_stat_activity, pg_locks), the
 * server's layout (pg_file_settings, pg_hba_file_rules, pg_settings, pg_config), and functions in disguise.
 */
export const openRelations: ReadonlySet<string> = new Set(
  `pg_aggregate pg_am pg_amop pg_amproc pg_attrdef pg_attribute pg_auth_members pg_cast pg_class pg_collation pg_constraint
  pg_conversion pg_database pg_default_acl pg_depend pg_description pg_enum pg_event_trigger pg_extension
  pg_index pg_indexes pg_inherits pg_init_privs pg_language pg_largeobject_metadata pg_matviews pg_namespace pg_opclass pg_operator
  pg_opfamily pg_partitioned_table pg_policies pg_policy pg_proc pg_publication pg_publication_namespace
  pg_publication_rel pg_publication_tables pg_range pg_rewrite pg_roles pg_rules pg_sequence pg_sequences
  pg_shdescription pg_statio_all_tables pg_statistic_ext pg_stat_user_tables pg_stat_user_indexes pg_tables pg_tablespace
  pg_timezone_abbrevs pg_timezone_names pg_transform pg_trigger pg_ts_config pg_ts_config_map pg_ts_dict
  pg_ts_parser pg_ts_template pg_type pg_user pg_views`.split(/\s+/u),
);

/** Relations of information_schema that `catalog: true` opens. */
export const openInformation: ReadonlySet<string> = new Set(
  `applicable_roles attributes character_sets check_constraint_routine_usage check_constraints
  collation_character_set_applicability collations column_column_usage column_domain_usage column_privileges
  column_udt_usage columns constraint_column_usage constraint_table_usage domain_constraints domain_udt_usage
  domains element_types enabled_roles information_schema_catalog_name key_column_usage parameters
  referential_constraints role_column_grants role_routine_grants role_table_grants routine_privileges routines
  schemata sequences sql_features sql_implementation_info sql_sizing table_constraints table_privileges tables
  triggered_update_columns triggers usage_privileges user_defined_types view_column_usage view_routine_usage
  view_table_usage views`.split(/\s+/u),
);

/** The schemas that are the catalogue. `pg_toast` and `pg_temp_N` are nobody's. */
export function isCatalogue(schema: string): boolean {
  return schema === "pg_catalog" || schema === "information_schema";
}

/**
 * Whether an unqualified name is a relation of pg_catalog, which comes first in every search path. PostgreSQL keeps
 * the prefix for itself, so a name with it is taken for the catalogue's whatever the server's version.
 */
export function isCatalogueName(relation: string): boolean {
  return relation.startsWith("pg_");
}
