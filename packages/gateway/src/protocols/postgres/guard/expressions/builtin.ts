/** Data: what of pg_catalog may be called, cast to and used as an operator. A test holds it against a real server. */

const words = (text: string): readonly string[] => text.trim().split(/\s+/u);

/**
 * Functions, aggregates and window functions of pg_catalog that compute and nothing else. Whatever runs SQL text,
 * names a relation by a value, reaches files, settings, locks, sequences, large objects or other sessions is not here.
 */
export const functions: ReadonlySet<string> = new Set(
  words(`
  abs acos acosd acosh asin asind asinh atan atan2 atan2d atand atanh cbrt ceil ceiling cos cosd cosh cot cotd degrees
  div erf erfc exp factorial floor gamma gcd lcm lgamma ln log log10 min_scale mod pi pow power radians round scale sign
  sin sind sinh sqrt tan tand tanh trim_scale trunc width_bucket random random_normal

  ascii bit_length btrim casefold char_length character_length chr concat concat_ws convert convert_from convert_to
  decode encode format initcap is_normalized left length like_escape lower lpad ltrim md5 normalize octet_length overlay
  parse_ident position quote_ident quote_literal quote_nullable regexp_count regexp_instr regexp_like regexp_match
  regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr repeat replace reverse right
  rpad rtrim sha224 sha256 sha384 sha512 similar_escape similar_to_escape split_part starts_with string_to_array
  string_to_table strpos substr substring to_ascii to_bin to_hex to_oct translate unicode_assigned unistr upper bit_count
  get_bit get_byte set_bit set_byte crc32 crc32c strip

  age clock_timestamp date_add date_bin date_part date_subtract date_trunc extract isfinite justify_days justify_hours
  justify_interval make_date make_interval make_time make_timestamp make_timestamptz now overlaps statement_timestamp
  timeofday timezone to_char to_date to_number to_timestamp transaction_timestamp

  array_append array_cat array_dims array_length array_lower array_ndims array_position array_positions array_prepend
  array_remove array_replace array_reverse array_sort array_sample array_shuffle array_to_json array_to_string
  array_upper cardinality generate_series generate_subscripts trim_array unnest

  json_array_element json_array_element_text json_array_elements json_array_elements_text json_array_length
  json_build_array json_build_object json_each json_each_text json_extract_path json_extract_path_text json_object
  json_object_field json_object_field_text json_object_keys json_populate_record json_populate_recordset
  json_strip_nulls json_to_record json_to_recordset json_typeof jsonb_array_element jsonb_array_element_text
  jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_concat
  jsonb_contained jsonb_contains jsonb_delete jsonb_delete_path jsonb_each jsonb_each_text jsonb_exists jsonb_exists_all
  jsonb_exists_any jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_field
  jsonb_object_field_text jsonb_object_keys jsonb_path_exists jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz
  jsonb_path_query jsonb_path_query_array jsonb_path_query_array_tz jsonb_path_query_first jsonb_path_query_first_tz
  jsonb_path_query_tz jsonb_populate_record jsonb_populate_recordset jsonb_pretty jsonb_set jsonb_set_lax
  jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof row_to_json to_json to_jsonb

  any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp every json_agg
  json_agg_strict json_object_agg json_object_agg_strict json_object_agg_unique json_object_agg_unique_strict jsonb_agg
  jsonb_agg_strict jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_agg_unique_strict max
  min mode percentile_cont percentile_disc range_agg range_intersect_agg regr_avgx regr_avgy regr_count regr_intercept
  regr_r2 regr_slope regr_sxx regr_sxy regr_syy stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance
  xmlagg
  cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number

  int4range int8range numrange tsrange tstzrange daterange int4multirange int8multirange nummultirange tsmultirange
  tstzmultirange datemultirange isempty lower_inc lower_inf upper_inc upper_inf multirange range_merge range_contains

  abbrev broadcast cidr family host hostmask inet_merge inet_same_family macaddr8_set7bit masklen netmask network
  set_masklen text
  area bound_box box center circle diameter height isclosed isopen line lseg npoints path pclose point polygon popen
  radius slope width diagonal

  array_to_tsvector get_current_ts_config json_to_tsvector jsonb_to_tsvector numnode phraseto_tsquery plainto_tsquery
  querytree setweight to_tsquery to_tsvector ts_delete ts_filter ts_headline ts_rank ts_rank_cd tsquery_phrase
  tsvector_to_array websearch_to_tsquery

  bool bpchar bytea char date float4 float8 int2 int4 int8 interval money name numeric oid time timestamp timestamptz
  timetz varchar xml
  enum_first enum_last enum_range
  gen_random_uuid uuidv4 uuidv7 uuid_extract_timestamp uuid_extract_version
  xml_is_well_formed xml_is_well_formed_content xml_is_well_formed_document xmlcomment xmlexists xmltext xpath
  xpath_exists

  current_database current_schema current_schemas current_user session_user getdatabaseencoding version pg_backend_pid
  pg_advisory_unlock_all
  pg_client_encoding pg_is_in_recovery pg_typeof pg_column_size pg_size_pretty pg_size_bytes pg_collation_for
  format_type to_regtype num_nonnulls num_nulls hashtext hashtextextended
  `),
);

/**
 * Those of `functions` that PostgreSQL calls volatile though they change no data: chance, the clock, the role, and
 * giving back the session's own locks.
 */
export const harmlessVolatile: ReadonlySet<string> = new Set(
  words(`random random_normal clock_timestamp timeofday gen_random_uuid uuidv4 uuidv7 array_sample array_shuffle
  pg_is_in_recovery pg_advisory_unlock_all`),
);

/** Those of `functions` whose result is of a type that looks names up. */
export const lookupFunctions: ReadonlySet<string> = new Set(
  words("get_current_ts_config pg_typeof to_regtype"),
);

/** Of pg_catalog's functions, those that take a row and return a value of such a type. A test asks a server. */
export const rowLookups: ReadonlySet<string> = new Set(["pg_typeof"]);

/**
 * Functions of pg_catalog that PostgreSQL calls with a whole row by `t.name` where t has no such column, and that tell of the
 * row's values (parse_func.c, ParseFuncOrColumn). A test tries all of a server's.
 */
export const rowFunctions: ReadonlySet<string> = new Set(
  words(`any_value array_agg concat hash_record json_agg json_agg_strict json_build_array jsonb_agg jsonb_agg_strict
  jsonb_build_array max min num_nonnulls num_nulls pg_column_compression pg_column_size pg_column_toast_chunk_id quote_literal
  quote_nullable record_out record_send row_to_json to_json to_jsonb`),
);

/** Further functions of pg_catalog that `catalog: true` opens: they tell about names and structure. */
export const catalogueFunctions: ReadonlySet<string> = new Set(
  words(`
  col_description obj_description shobj_description pg_collation_is_visible pg_conversion_is_visible
  pg_describe_object pg_encoding_to_char pg_char_to_encoding pg_function_is_visible pg_get_constraintdef pg_get_expr
  pg_get_function_arg_default pg_get_function_arguments pg_get_function_identity_arguments pg_get_function_result
  pg_get_function_sqlbody pg_get_functiondef pg_get_indexdef pg_get_keywords pg_get_partition_constraintdef
  pg_get_partkeydef pg_get_replica_identity_index pg_get_ruledef pg_get_serial_sequence pg_get_statisticsobjdef
  pg_get_statisticsobjdef_columns pg_get_statisticsobjdef_expressions pg_get_triggerdef pg_get_userbyid pg_get_viewdef
  pg_index_column_has_property pg_index_has_property pg_indexam_has_property pg_is_other_temp_schema pg_my_temp_schema
  pg_opclass_is_visible pg_operator_is_visible pg_opfamily_is_visible pg_relation_is_publishable
  pg_relation_is_updatable pg_column_is_updatable pg_statistics_obj_is_visible pg_table_is_visible
  pg_ts_config_is_visible pg_ts_dict_is_visible pg_ts_parser_is_visible pg_ts_template_is_visible pg_type_is_visible
  pg_partition_root pg_partition_ancestors pg_partition_tree pg_relation_size pg_table_size pg_total_relation_size
  pg_indexes_size to_regclass to_regcollation to_regnamespace to_regoper to_regoperator to_regproc to_regprocedure
  has_any_column_privilege has_column_privilege has_database_privilege has_function_privilege
  has_schema_privilege has_sequence_privilege has_table_privilege has_type_privilege pg_has_role row_security_active
  aclexplode pg_options_to_table oidvectortypes pg_postmaster_start_time pg_identify_object pg_basetype
  ts_token_type
  `),
);

/**
 * Functions that no scope can grant, because they run SQL text, name relations by a value or undo what the gateway
 * sets: with one of them a list of tables means nothing.
 */
export const ungrantable: RegExp =
  /^(?:query_to_xml|table_to_xml|schema_to_xml|database_to_xml|cursor_to_xml|ts_stat|ts_rewrite|set_config|pg_read_|pg_ls_|pg_stat_file|lo_|loread|lowrite|pg_reload_conf|pg_terminate_backend|pg_logical_|pg_export_snapshot|binary_upgrade_|pg_restore_|pg_clear_)/u;

/** Operators of pg_catalog by name; they compute and nothing else. */
export const operators: ReadonlySet<string> = new Set(
  words(`
  !! !~ !~* !~~ !~~* # ## #- #> #>> % & && &< &<| &> * *< *<= *<> *= *> *>= + - -> ->> -|- / < <-> << <<= <<| <= <> <@
  <^ = > >= >> >>= >^ ? ?# ?& ?- ?-| ?| ?|| @ @-@ @> @? @@ @@@ ^ ^@ | |&> |/ |>> || ||/ ~ ~* ~<=~ ~<~ ~= ~>=~ ~>~ ~~ ~~*
  `),
);

/**
 * Types of pg_catalog that may be cast to, arrays of them included. Of the reg* types, which turn text into existence,
 * regtype alone: it tells no more than `pg_type` and `pg_namespace`, which drivers read anyway.
 */
export const types: ReadonlySet<string> = new Set(
  words(`
  bit bool box bpchar bytea char cid cidr circle date datemultirange daterange float4 float8 inet int2 int2vector int4
  int4multirange int4range int8 int8multirange int8range interval json jsonb jsonpath line lseg macaddr macaddr8 money
  name numeric nummultirange numrange oid oidvector path pg_lsn pg_snapshot point polygon regtype text tid time timestamp timestamptz timetz
  tsmultirange tsquery tsrange tstzmultirange tstzrange tsvector txid_snapshot uuid varbit varchar xid xid8 xml
  `),
);

/** Further types that `catalog: true` opens. */
export const catalogueTypes: ReadonlySet<string> = new Set(
  words(`regclass regcollation regconfig regdictionary regnamespace regoper regoperator regproc regprocedure regrole
  aclitem`),
);

/** Output columns of the functions above that return several; all others return one, named by its alias. */
export const outputColumns: ReadonlyMap<string, readonly string[]> = new Map([
  ["ts_token_type", ["tokid", "alias", "description"]],
  ["json_each", ["key", "value"]],
  ["json_each_text", ["key", "value"]],
  ["jsonb_each", ["key", "value"]],
  ["jsonb_each_text", ["key", "value"]],
  ["json_array_elements", ["value"]],
  ["json_array_elements_text", ["value"]],
  ["jsonb_array_elements", ["value"]],
  ["jsonb_array_elements_text", ["value"]],
  ["aclexplode", ["grantor", "grantee", "privilege_type", "is_grantable"]],
  ["pg_options_to_table", ["option_name", "option_value"]],
  ["pg_get_keywords", ["word", "catcode", "barelabel", "catdesc", "baredesc"]],
  ["pg_partition_tree", ["relid", "parentrelid", "isleaf", "level"]],
  ["pg_partition_ancestors", ["relid"]],
  ["pg_identify_object", ["type", "schema", "name", "identity"]],
]);
