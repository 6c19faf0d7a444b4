/**
 * The columns of the relations that a scope shows in part, of PostgreSQL 18, for trials without a database: a session asks.
 */
export const catalogColumns: ReadonlyMap<string, string> = new Map([
  [
    "pg_catalog.pg_aggregate",
    "aggfnoid aggkind aggnumdirectargs aggtransfn aggfinalfn aggcombinefn aggserialfn aggdeserialfn aggmtransfn aggminvtransfn aggmfinalfn aggfinalextra aggmfinalextra aggfinalmodify aggmfinalmodify aggsortop aggtranstype aggtransspace aggmtranstype aggmtransspace agginitval aggminitval",
  ],
  ["pg_catalog.pg_am", "oid amname amhandler amtype"],
  [
    "pg_catalog.pg_amop",
    "oid amopfamily amoplefttype amoprighttype amopstrategy amoppurpose amopopr amopmethod amopsortfamily",
  ],
  ["pg_catalog.pg_amproc", "oid amprocfamily amproclefttype amprocrighttype amprocnum amproc"],
  ["pg_catalog.pg_attrdef", "oid adrelid adnum adbin"],
  [
    "pg_catalog.pg_attribute",
    "attrelid attname atttypid attlen attnum atttypmod attndims attbyval attalign attstorage attcompression attnotnull atthasdef atthasmissing attidentity attgenerated attisdropped attislocal attinhcount attcollation attstattarget attacl attoptions attfdwoptions attmissingval",
  ],
  ["pg_catalog.pg_auth_members", "oid roleid member grantor admin_option inherit_option set_option"],
  ["pg_catalog.pg_cast", "oid castsource casttarget castfunc castcontext castmethod"],
  [
    "pg_catalog.pg_class",
    "oid relname relnamespace reltype reloftype relowner relam relfilenode reltablespace relpages reltuples relallvisible relallfrozen reltoastrelid relhasindex relisshared relpersistence relkind relnatts relchecks relhasrules relhastriggers relhassubclass relrowsecurity relforcerowsecurity relispopulated relreplident relispartition relrewrite relfrozenxid relminmxid relacl reloptions relpartbound",
  ],
  [
    "pg_catalog.pg_collation",
    "oid collname collnamespace collowner collprovider collisdeterministic collencoding collcollate collctype colllocale collicurules collversion",
  ],
  [
    "pg_catalog.pg_constraint",
    "oid conname connamespace contype condeferrable condeferred conenforced convalidated conrelid contypid conindid conparentid confrelid confupdtype confdeltype confmatchtype conislocal coninhcount connoinherit conperiod conkey confkey conpfeqop conppeqop conffeqop confdelsetcols conexclop conbin",
  ],
  [
    "pg_catalog.pg_conversion",
    "oid conname connamespace conowner conforencoding contoencoding conproc condefault",
  ],
  [
    "pg_catalog.pg_database",
    "oid datname datdba encoding datlocprovider datistemplate datallowconn dathasloginevt datconnlimit datfrozenxid datminmxid dattablespace datcollate datctype datlocale daticurules datcollversion datacl",
  ],
  ["pg_catalog.pg_default_acl", "oid defaclrole defaclnamespace defaclobjtype defaclacl"],
  ["pg_catalog.pg_depend", "classid objid objsubid refclassid refobjid refobjsubid deptype"],
  ["pg_catalog.pg_description", "objoid classoid objsubid description"],
  ["pg_catalog.pg_enum", "oid enumtypid enumsortorder enumlabel"],
  ["pg_catalog.pg_event_trigger", "oid evtname evtevent evtowner evtfoid evtenabled evttags"],
  [
    "pg_catalog.pg_extension",
    "oid extname extowner extnamespace extrelocatable extversion extconfig extcondition",
  ],
  [
    "pg_catalog.pg_index",
    "indexrelid indrelid indnatts indnkeyatts indisunique indnullsnotdistinct indisprimary indisexclusion indimmediate indisclustered indisvalid indcheckxmin indisready indislive indisreplident indkey indcollation indclass indoption indexprs indpred",
  ],
  ["pg_catalog.pg_indexes", "schemaname tablename indexname tablespace indexdef"],
  ["pg_catalog.pg_inherits", "inhrelid inhparent inhseqno inhdetachpending"],
  ["pg_catalog.pg_init_privs", "objoid classoid objsubid privtype initprivs"],
  [
    "pg_catalog.pg_language",
    "oid lanname lanowner lanispl lanpltrusted lanplcallfoid laninline lanvalidator lanacl",
  ],
  ["pg_catalog.pg_largeobject_metadata", "oid lomowner lomacl"],
  [
    "pg_catalog.pg_matviews",
    "schemaname matviewname matviewowner tablespace hasindexes ispopulated definition",
  ],
  ["pg_catalog.pg_namespace", "oid nspname nspowner nspacl"],
  [
    "pg_catalog.pg_opclass",
    "oid opcmethod opcname opcnamespace opcowner opcfamily opcintype opcdefault opckeytype",
  ],
  [
    "pg_catalog.pg_operator",
    "oid oprname oprnamespace oprowner oprkind oprcanmerge oprcanhash oprleft oprright oprresult oprcom oprnegate oprcode oprrest oprjoin",
  ],
  ["pg_catalog.pg_opfamily", "oid opfmethod opfname opfnamespace opfowner"],
  [
    "pg_catalog.pg_partitioned_table",
    "partrelid partstrat partnatts partdefid partattrs partclass partcollation partexprs",
  ],
  ["pg_catalog.pg_policies", "schemaname tablename policyname permissive roles cmd qual with_check"],
  ["pg_catalog.pg_policy", "oid polname polrelid polcmd polpermissive polroles polqual polwithcheck"],
  [
    "pg_catalog.pg_proc",
    "oid proname pronamespace proowner prolang procost prorows provariadic prosupport prokind prosecdef proleakproof proisstrict proretset provolatile proparallel pronargs pronargdefaults prorettype proargtypes proallargtypes proargmodes proargnames proargdefaults protrftypes prosrc probin prosqlbody proconfig proacl",
  ],
  [
    "pg_catalog.pg_publication",
    "oid pubname pubowner puballtables pubinsert pubupdate pubdelete pubtruncate pubviaroot pubgencols",
  ],
  ["pg_catalog.pg_publication_namespace", "oid pnpubid pnnspid"],
  ["pg_catalog.pg_publication_rel", "oid prpubid prrelid prqual prattrs"],
  ["pg_catalog.pg_publication_tables", "pubname schemaname tablename attnames rowfilter"],
  ["pg_catalog.pg_range", "rngtypid rngsubtype rngmultitypid rngcollation rngsubopc rngcanonical rngsubdiff"],
  ["pg_catalog.pg_rewrite", "oid rulename ev_class ev_type ev_enabled is_instead ev_qual ev_action"],
  [
    "pg_catalog.pg_roles",
    "rolname rolsuper rolinherit rolcreaterole rolcreatedb rolcanlogin rolreplication rolconnlimit rolpassword rolvaliduntil rolbypassrls rolconfig oid",
  ],
  ["pg_catalog.pg_rules", "schemaname tablename rulename definition"],
  ["pg_catalog.pg_sequence", "seqrelid seqtypid seqstart seqincrement seqmax seqmin seqcache seqcycle"],
  [
    "pg_catalog.pg_sequences",
    "schemaname sequencename sequenceowner data_type start_value min_value max_value increment_by cycle cache_size last_value",
  ],
  ["pg_catalog.pg_shdescription", "objoid classoid description"],
  [
    "pg_catalog.pg_stat_user_tables",
    "relid schemaname relname seq_scan last_seq_scan seq_tup_read idx_scan last_idx_scan idx_tup_fetch n_tup_ins n_tup_upd n_tup_del n_tup_hot_upd n_tup_newpage_upd n_live_tup n_dead_tup n_mod_since_analyze n_ins_since_vacuum last_vacuum last_autovacuum last_analyze last_autoanalyze vacuum_count autovacuum_count analyze_count autoanalyze_count total_vacuum_time total_autovacuum_time total_analyze_time total_autoanalyze_time",
  ],
  [
    "pg_catalog.pg_statio_all_tables",
    "relid schemaname relname heap_blks_read heap_blks_hit idx_blks_read idx_blks_hit toast_blks_read toast_blks_hit tidx_blks_read tidx_blks_hit",
  ],
  [
    "pg_catalog.pg_statistic_ext",
    "oid stxrelid stxname stxnamespace stxowner stxkeys stxstattarget stxkind stxexprs",
  ],
  [
    "pg_catalog.pg_tables",
    "schemaname tablename tableowner tablespace hasindexes hasrules hastriggers rowsecurity",
  ],
  ["pg_catalog.pg_tablespace", "oid spcname spcowner spcacl spcoptions"],
  ["pg_catalog.pg_timezone_abbrevs", "abbrev utc_offset is_dst"],
  ["pg_catalog.pg_timezone_names", "name abbrev utc_offset is_dst"],
  ["pg_catalog.pg_transform", "oid trftype trflang trffromsql trftosql"],
  [
    "pg_catalog.pg_trigger",
    "oid tgrelid tgparentid tgname tgfoid tgtype tgenabled tgisinternal tgconstrrelid tgconstrindid tgconstraint tgdeferrable tginitdeferred tgnargs tgattr tgargs tgqual tgoldtable tgnewtable",
  ],
  ["pg_catalog.pg_ts_config", "oid cfgname cfgnamespace cfgowner cfgparser"],
  ["pg_catalog.pg_ts_config_map", "mapcfg maptokentype mapseqno mapdict"],
  ["pg_catalog.pg_ts_dict", "oid dictname dictnamespace dictowner dicttemplate dictinitoption"],
  ["pg_catalog.pg_ts_parser", "oid prsname prsnamespace prsstart prstoken prsend prsheadline prslextype"],
  ["pg_catalog.pg_ts_template", "oid tmplname tmplnamespace tmplinit tmpllexize"],
  [
    "pg_catalog.pg_type",
    "oid typname typnamespace typowner typlen typbyval typtype typcategory typispreferred typisdefined typdelim typrelid typsubscript typelem typarray typinput typoutput typreceive typsend typmodin typmodout typanalyze typalign typstorage typnotnull typbasetype typtypmod typndims typcollation typdefaultbin typdefault typacl",
  ],
  ["pg_catalog.pg_foreign_data_wrapper", "oid fdwname fdwowner fdwhandler fdwvalidator fdwacl fdwoptions"],
  ["pg_catalog.pg_foreign_server", "oid srvname srvowner srvfdw srvtype srvversion srvacl srvoptions"],
  ["pg_catalog.pg_foreign_table", "ftrelid ftserver ftoptions"],
  ["pg_catalog.pg_seclabels", "objoid classoid objsubid objtype objnamespace objname provider label"],
  [
    "pg_catalog.pg_settings",
    "name setting unit category short_desc extra_desc context vartype source min_val max_val enumvals boot_val reset_val sourcefile sourceline pending_restart",
  ],
  [
    "pg_catalog.pg_subscription",
    "oid subdbid subskiplsn subname subowner subenabled subbinary substream subtwophasestate subdisableonerr subpasswordrequired subrunasowner subfailover subconninfo subslotname subsynccommit subpublications suborigin",
  ],
  [
    "pg_catalog.pg_stat_user_indexes",
    "relid indexrelid schemaname relname indexrelname idx_scan last_idx_scan idx_tup_read idx_tup_fetch",
  ],
  [
    "pg_catalog.pg_user",
    "usename usesysid usecreatedb usesuper userepl usebypassrls passwd valuntil useconfig",
  ],
  ["pg_catalog.pg_views", "schemaname viewname viewowner definition"],
  ["information_schema.applicable_roles", "grantee role_name is_grantable"],
  [
    "information_schema.character_sets",
    "character_set_catalog character_set_schema character_set_name character_repertoire form_of_use default_collate_catalog default_collate_schema default_collate_name",
  ],
  [
    "information_schema.check_constraints",
    "constraint_catalog constraint_schema constraint_name check_clause",
  ],
  [
    "information_schema.collation_character_set_applicability",
    "collation_catalog collation_schema collation_name character_set_catalog character_set_schema character_set_name",
  ],
  ["information_schema.collations", "collation_catalog collation_schema collation_name pad_attribute"],
  [
    "information_schema.column_privileges",
    "grantor grantee table_catalog table_schema table_name column_name privilege_type is_grantable",
  ],
  [
    "information_schema.columns",
    "table_catalog table_schema table_name column_name ordinal_position column_default is_nullable data_type character_maximum_length character_octet_length numeric_precision numeric_precision_radix numeric_scale datetime_precision interval_type interval_precision character_set_catalog character_set_schema character_set_name collation_catalog collation_schema collation_name domain_catalog domain_schema domain_name udt_catalog udt_schema udt_name scope_catalog scope_schema scope_name maximum_cardinality dtd_identifier is_self_referencing is_identity identity_generation identity_start identity_increment identity_maximum identity_minimum identity_cycle is_generated generation_expression is_updatable",
  ],
  [
    "information_schema.constraint_column_usage",
    "table_catalog table_schema table_name column_name constraint_catalog constraint_schema constraint_name",
  ],
  [
    "information_schema.constraint_table_usage",
    "table_catalog table_schema table_name constraint_catalog constraint_schema constraint_name",
  ],
  [
    "information_schema.element_types",
    "object_catalog object_schema object_name object_type collection_type_identifier data_type character_maximum_length character_octet_length character_set_catalog character_set_schema character_set_name collation_catalog collation_schema collation_name numeric_precision numeric_precision_radix numeric_scale datetime_precision interval_type interval_precision udt_catalog udt_schema udt_name scope_catalog scope_schema scope_name maximum_cardinality dtd_identifier",
  ],
  ["information_schema.enabled_roles", "role_name"],
  ["information_schema.information_schema_catalog_name", "catalog_name"],
  [
    "information_schema.key_column_usage",
    "constraint_catalog constraint_schema constraint_name table_catalog table_schema table_name column_name ordinal_position position_in_unique_constraint",
  ],
  [
    "information_schema.parameters",
    "specific_catalog specific_schema specific_name ordinal_position parameter_mode is_result as_locator parameter_name data_type character_maximum_length character_octet_length character_set_catalog character_set_schema character_set_name collation_catalog collation_schema collation_name numeric_precision numeric_precision_radix numeric_scale datetime_precision interval_type interval_precision udt_catalog udt_schema udt_name scope_catalog scope_schema scope_name maximum_cardinality dtd_identifier parameter_default",
  ],
  [
    "information_schema.referential_constraints",
    "constraint_catalog constraint_schema constraint_name unique_constraint_catalog unique_constraint_schema unique_constraint_name match_option update_rule delete_rule",
  ],
  [
    "information_schema.routines",
    "specific_catalog specific_schema specific_name routine_catalog routine_schema routine_name routine_type module_catalog module_schema module_name udt_catalog udt_schema udt_name data_type character_maximum_length character_octet_length character_set_catalog character_set_schema character_set_name collation_catalog collation_schema collation_name numeric_precision numeric_precision_radix numeric_scale datetime_precision interval_type interval_precision type_udt_catalog type_udt_schema type_udt_name scope_catalog scope_schema scope_name maximum_cardinality dtd_identifier routine_body routine_definition external_name external_language parameter_style is_deterministic sql_data_access is_null_call sql_path schema_level_routine max_dynamic_result_sets is_user_defined_cast is_implicitly_invocable security_type to_sql_specific_catalog to_sql_specific_schema to_sql_specific_name as_locator created last_altered new_savepoint_level is_udt_dependent result_cast_from_data_type result_cast_as_locator result_cast_char_max_length result_cast_char_octet_length result_cast_char_set_catalog result_cast_char_set_schema result_cast_char_set_name result_cast_collation_catalog result_cast_collation_schema result_cast_collation_name result_cast_numeric_precision result_cast_numeric_precision_radix result_cast_numeric_scale result_cast_datetime_precision result_cast_interval_type result_cast_interval_precision result_cast_type_udt_catalog result_cast_type_udt_schema result_cast_type_udt_name result_cast_scope_catalog result_cast_scope_schema result_cast_scope_name result_cast_maximum_cardinality result_cast_dtd_identifier",
  ],
  [
    "information_schema.schemata",
    "catalog_name schema_name schema_owner default_character_set_catalog default_character_set_schema default_character_set_name sql_path",
  ],
  [
    "information_schema.sequences",
    "sequence_catalog sequence_schema sequence_name data_type numeric_precision numeric_precision_radix numeric_scale start_value minimum_value maximum_value increment cycle_option",
  ],
  [
    "information_schema.sql_features",
    "feature_id feature_name sub_feature_id sub_feature_name is_supported is_verified_by comments",
  ],
  [
    "information_schema.sql_implementation_info",
    "implementation_info_id implementation_info_name integer_value character_value comments",
  ],
  ["information_schema.sql_sizing", "sizing_id sizing_name supported_value comments"],
  [
    "information_schema.table_constraints",
    "constraint_catalog constraint_schema constraint_name table_catalog table_schema table_name constraint_type is_deferrable initially_deferred enforced nulls_distinct",
  ],
  [
    "information_schema.table_privileges",
    "grantor grantee table_catalog table_schema table_name privilege_type is_grantable with_hierarchy",
  ],
  [
    "information_schema.tables",
    "table_catalog table_schema table_name table_type self_referencing_column_name reference_generation user_defined_type_catalog user_defined_type_schema user_defined_type_name is_insertable_into is_typed commit_action",
  ],
  [
    "information_schema.triggers",
    "trigger_catalog trigger_schema trigger_name event_manipulation event_object_catalog event_object_schema event_object_table action_order action_condition action_statement action_orientation action_timing action_reference_old_table action_reference_new_table action_reference_old_row action_reference_new_row created",
  ],
  [
    "information_schema.views",
    "table_catalog table_schema table_name view_definition check_option is_updatable is_insertable_into is_trigger_updatable is_trigger_deletable is_trigger_insertable_into",
  ],
]);
