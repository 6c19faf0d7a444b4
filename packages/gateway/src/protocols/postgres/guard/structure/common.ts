import { readableSettings } from "../statements/setting-rules.ts";
import { none, nothing, nothingBeside, type Relation } from "./relation.ts";
import { among, nameArray } from "./sql.ts";

/**
 * Relations of pg_catalog that show the same to every grant: settings that SHOW reads, and nothing of what can hold a
 * secret or tells of the server alone. pg_dump and drivers ask for them.
 */
export const commonRelations: Readonly<Record<string, Relation>> = {
  pg_foreign_data_wrapper: nothingBeside("fdwacl"),
  pg_foreign_server: nothingBeside("srvacl"),
  pg_foreign_table: nothing,
  pg_seclabels: nothing,
  pg_settings: {
    rows: (_, row) => among(`${row}.name`, nameArray(readableSettings)),
    columns: { sourcefile: none("text"), sourceline: none("int4") },
  },
  // Not everybody may read all of its columns: none is named.
  pg_subscription: {
    ...nothing,
    only: { columns: [], type: subscriptionType },
  },
};

const subscriptionTypes: Readonly<Record<string, string>> = {
  oid: "oid",
  subdbid: "oid",
  subskiplsn: "pg_lsn",
  subname: "name",
  subowner: "oid",
  subenabled: "bool",
  subbinary: "bool",
  subdisableonerr: "bool",
  subpasswordrequired: "bool",
  subrunasowner: "bool",
  subfailover: "bool",
  // A bool before PostgreSQL 16.
  substream: '"char"',
  subtwophasestate: '"char"',
  subslotname: "name",
  subpublications: "text[]",
};

function subscriptionType(column: string): string {
  return subscriptionTypes[column] ?? "text";
}
