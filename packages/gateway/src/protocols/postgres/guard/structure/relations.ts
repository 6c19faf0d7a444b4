import {
  type Relation,
  builtin,
  everything,
  nothing,
  nothingBeside,
  none,
  noPrivileges,
  ofBuiltin,
  builtinNumber,
  builtinOf,
  builtinTablespace,
  builtinWithout,
  orNone,
  ownedBy,
  roleNamed,
  zeroOf,
  BUILTIN_SCHEMAS,
  tableNamed,
  sequenceNamed,
  statistics,
} from "./relation.ts";
import { among, either, eq, isBuiltin, nameArray, oid } from "./sql.ts";
import { classColumns, hasForeignKey, hasIndex, hasParent, ofTable } from "./class.ts";
import { CLASS } from "./visible.ts";

/** Relations of pg_catalog, and which of their rows belong to what is granted. One that is not here is not shown. */
export const catalogRelations: Readonly<Record<string, Relation>> = {
  pg_aggregate: { rows: (_, row) => isBuiltin(`${row}.aggfnoid::pg_catalog.oid`) },
  pg_am: builtin,
  pg_amop: builtin,
  pg_amproc: builtin,
  pg_attrdef: { rows: (visible, row) => visible.default(row) },
  pg_attribute: {
    order: ["attrelid", "attnum"],
    rows: (visible, row) => visible.attribute(row),
    columns: {
      attacl: noPrivileges,
      attmissingval: none("text"),
      atthasdef: (visible, row) =>
        `(${row}.atthasdef AND (${row}.attrelid, ${row}.attnum) OPERATOR(pg_catalog.=) ANY (SELECT md.adrelid, md.adnum FROM pg_catalog.pg_attrdef md WHERE ${visible.default("md")}))`,
      // What a hidden parent gave it looks like its own.
      attislocal: (visible, row) => `(${row}.attislocal OR NOT ${hasParent(visible, `${row}.attrelid`)})`,
      attinhcount: (visible, row) =>
        `CASE WHEN ${hasParent(visible, `${row}.attrelid`)} THEN ${row}.attinhcount ELSE ${zeroOf(`${row}.attinhcount`)} END`,
      attoptions: ofBuiltin("attoptions", "attrelid"),
      attfdwoptions: none("text[]"),
    },
  },
  pg_auth_members: {
    rows: (visible, row) => `${visible.role(`${row}.roleid`)} AND ${visible.role(`${row}.member`)}`,
    columns: { grantor: ownedBy("grantor") },
  },
  pg_cast: builtin,
  pg_class: {
    order: ["relname", "oid"],
    rows: (visible, row) => visible.relation(`${row}.oid`),
    columns: classColumns,
  },
  pg_collation: builtinOf("collowner"),
  pg_constraint: {
    rows: (visible, row) => visible.constraint(`${row}.oid`),
    order: ["oid"],
    columns: {
      conparentid: (visible, row) => orNone(visible.constraint(`${row}.conparentid`), `${row}.conparentid`),
      conindid: (visible, row) => orNone(visible.relation(`${row}.conindid`), `${row}.conindid`),
      conislocal: (visible, row) => `(${row}.conislocal OR NOT ${hasParent(visible, `${row}.conrelid`)})`,
      coninhcount: (visible, row) =>
        `CASE WHEN ${hasParent(visible, `${row}.conrelid`)} THEN ${row}.coninhcount ELSE ${zeroOf(`${row}.coninhcount`)} END`,
    },
  },
  pg_conversion: builtinOf("conowner"),
  pg_database: {
    rows: (_, row) => either(isBuiltin(`${row}.oid`), eq(`${row}.datname`, "pg_catalog.current_database()")),
    columns: {
      datacl: noPrivileges,
      datdba: ownedBy("datdba"),
      dattablespace: builtinNumber("dattablespace"),
    },
  },
  pg_default_acl: nothingBeside("defaclacl"),
  pg_depend: {
    rows: (visible, row) =>
      `(${either(`NOT ${isBuiltin(`${row}.objid`)}`, eq(`${row}.refclassid`, oid(CLASS.extension)))} AND ${visible.object(`${row}.classid`, `${row}.objid`, `${row}.objsubid`)} AND ${visible.object(`${row}.refclassid`, `${row}.refobjid`, `${row}.refobjsubid`)})`,
  },
  pg_description: {
    rows: (visible, row) => visible.object(`${row}.classoid`, `${row}.objoid`, `${row}.objsubid`),
  },
  pg_enum: {
    rows: (visible, row) => visible.type(`${row}.enumtypid`),
    order: ["enumtypid", "enumsortorder"],
  },
  pg_event_trigger: nothing,
  pg_extension: {
    rows: (visible, row) =>
      either(
        isBuiltin(`${row}.oid`),
        `EXISTS (SELECT FROM pg_catalog.pg_depend md WHERE ${eq("md.classid", oid(CLASS.type))} AND ${eq("md.refclassid", oid(CLASS.extension))} AND ${eq("md.refobjid", `${row}.oid`)} AND ${among("md.objid", visible.types)})`,
      ),
    columns: {
      extconfig: none("oid[]"),
      extcondition: none("text[]"),
      extowner: ownedBy("extowner"),
      extnamespace: (visible, row) =>
        orNone(
          among(
            `${row}.extnamespace`,
            `SELECT mn.oid FROM pg_catalog.pg_namespace mn WHERE ${visible.schema("mn")}`,
          ),
          `${row}.extnamespace`,
        ),
    },
  },
  pg_index: { rows: (visible, row) => either(isBuiltin(`${row}.indexrelid`), visible.ownIndex(row)) },
  pg_indexes: {
    rows: (visible, row) =>
      either(
        among(`${row}.schemaname`, nameArray(BUILTIN_SCHEMAS)),
        `EXISTS (SELECT FROM pg_catalog.pg_index mi JOIN pg_catalog.pg_class mt ON ${eq("mt.oid", "mi.indexrelid")} JOIN pg_catalog.pg_namespace mn ON ${eq("mn.oid", "mt.relnamespace")} WHERE ${eq("mn.nspname", `${row}.schemaname`)} AND ${eq("mt.relname", `${row}.indexname`)} AND ${visible.ownIndex("mi")})`,
      ),
    columns: { tablespace: builtinTablespace },
  },
  pg_inherits: {
    rows: (visible, row) =>
      `${visible.relation(`${row}.inhrelid`)} AND ${visible.relation(`${row}.inhparent`)}`,
    columns: {
      // Counted among the parents that are shown.
      inhseqno: (visible, row) =>
        `(SELECT pg_catalog.count(*)::pg_catalog.int4 FROM pg_catalog.pg_inherits mi WHERE ${eq("mi.inhrelid", `${row}.inhrelid`)} AND mi.inhseqno OPERATOR(pg_catalog.<=) ${row}.inhseqno AND ${visible.relation("mi.inhparent")})`,
    },
  },
  pg_init_privs: nothingBeside("initprivs"),
  pg_language: builtinWithout("lanacl", "lanowner"),
  pg_largeobject_metadata: nothingBeside("lomacl"),
  pg_matviews: {
    rows: (visible, row) => tableNamed(visible, `${row}.schemaname`, `${row}.matviewname`),
    columns: {
      definition: none("text"),
      matviewowner: roleNamed("matviewowner"),
      tablespace: builtinTablespace,
      hasindexes: (visible, row) => ofTable(row, "matviewname", "hasindexes", hasIndex(visible, "mt.oid")),
    },
  },
  pg_namespace: {
    rows: (visible, row) => visible.schema(row),
    columns: { nspacl: noPrivileges, nspowner: ownedBy("nspowner") },
  },
  pg_opclass: builtinOf("opcowner"),
  pg_operator: builtinOf("oprowner"),
  pg_opfamily: builtinOf("opfowner"),
  pg_partitioned_table: {
    rows: (visible, row) => visible.whole(`${row}.partrelid`),
    columns: {
      partdefid: (visible, row) => orNone(visible.relation(`${row}.partdefid`), `${row}.partdefid`),
    },
  },
  pg_policies: nothing,
  pg_policy: nothing,
  pg_proc: {
    rows: (visible, row) => visible.function(`${row}.oid`),
    columns: {
      proacl: noPrivileges,
      proowner: ownedBy("proowner"),
      prosrc: ofBuiltin("prosrc"),
      probin: ofBuiltin("probin"),
      prosqlbody: ofBuiltin("prosqlbody"),
      proconfig: ofBuiltin("proconfig"),
    },
  },
  pg_publication: nothing,
  pg_publication_namespace: nothing,
  pg_publication_rel: nothing,
  pg_publication_tables: nothing,
  pg_range: { rows: (visible, row) => visible.type(`${row}.rngtypid`) },
  pg_rewrite: builtin,
  pg_roles: {
    rows: (visible, row) => visible.role(`${row}.oid`),
    columns: { rolconfig: none("text[]"), rolvaliduntil: none("timestamptz") },
  },
  pg_rules: { rows: (_, row) => among(`${row}.schemaname`, nameArray(BUILTIN_SCHEMAS)) },
  pg_sequence: {
    rows: (visible, row) =>
      either(among(`${row}.seqrelid`, visible.sequences), among(`${row}.seqrelid`, visible.tables)),
  },
  pg_sequences: {
    rows: (visible, row) => sequenceNamed(visible, `${row}.schemaname`, `${row}.sequencename`),
    columns: { last_value: none("int8"), sequenceowner: roleNamed("sequenceowner") },
  },
  pg_shdescription: {
    rows: (_, row) => isBuiltin(`${row}.objoid`),
  },
  pg_statio_all_tables: statistics,
  pg_stat_user_indexes: {
    rows: (visible, row) => among(`${row}.indexrelid`, visible.indexes),
    only: {
      columns: ["relid", "indexrelid", "schemaname", "relname", "indexrelname"],
      type: (column) => (column.startsWith("last_") ? "timestamptz" : "int8"),
    },
  },
  pg_stat_user_tables: statistics,
  pg_statistic_ext: nothing,
  pg_tables: {
    rows: (visible, row) => tableNamed(visible, `${row}.schemaname`, `${row}.tablename`),
    columns: {
      tableowner: roleNamed("tableowner"),
      tablespace: builtinTablespace,
      hasindexes: (visible, row) => ofTable(row, "tablename", "hasindexes", hasIndex(visible, "mt.oid")),
      hasrules: (_, row) => ofTable(row, "tablename", "hasrules", "false"),
      hastriggers: (visible, row) =>
        ofTable(row, "tablename", "hastriggers", hasForeignKey(visible, "mt.oid")),
    },
  },
  pg_tablespace: {
    ...builtin,
    columns: { spcacl: noPrivileges, spcoptions: none("text[]"), spcowner: ownedBy("spcowner") },
  },
  pg_timezone_abbrevs: everything,
  pg_timezone_names: everything,
  pg_transform: builtin,
  pg_trigger: nothing,
  pg_ts_config: builtinOf("cfgowner"),
  pg_ts_config_map: { rows: (_, row) => isBuiltin(`${row}.mapcfg`) },
  pg_ts_dict: {
    ...builtin,
    columns: { dictinitoption: ofBuiltin("dictinitoption"), dictowner: ownedBy("dictowner") },
  },
  pg_ts_parser: builtin,
  pg_ts_template: builtin,
  pg_type: {
    rows: (visible, row) => visible.type(`${row}.oid`),
    columns: { typacl: noPrivileges, typowner: ownedBy("typowner") },
  },
  pg_user: {
    rows: (visible, row) => visible.role(`${row}.usesysid`),
    columns: { passwd: none("text"), valuntil: none("timestamptz"), useconfig: none("text[]") },
  },
  pg_views: {
    rows: (visible, row) => tableNamed(visible, `${row}.schemaname`, `${row}.viewname`),
    columns: {
      viewowner: roleNamed("viewowner"),
      definition: (_, row) =>
        `CASE WHEN ${among(`${row}.schemaname`, nameArray(BUILTIN_SCHEMAS))} THEN ${row}.definition END`,
    },
  },
};
