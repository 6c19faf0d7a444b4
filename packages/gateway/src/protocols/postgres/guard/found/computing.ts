/**
 * Extensions whose functions compute from their arguments and nothing else: no SQL text that they run, no table that they
 * find by a value, no file, no network. Of all others a scope lists functions one by one. A test holds those that a
 * server ships against it.
 */
export const computingExtensions: ReadonlySet<string> = new Set([
  "btree_gin",
  "btree_gist",
  "citext",
  "cube",
  "earthdistance",
  "fuzzystrmatch",
  "hstore",
  "intarray",
  "isn",
  "ltree",
  "pg_trgm",
  "pgcrypto",
  "seg",
  "unaccent",
  "uuid-ossp",
  "vector",
]);

/** The first part of settings that modules of PostgreSQL, or widely used ones, take for themselves. */
const moduleSettings =
  /^(?:pg_[a-z0-9_$]*|pg[a-z]+|pl[a-z0-9]+|dict_[a-z_]*|auto_explain|auth_delay|basic_archive|passwordcheck|postgres_fdw|dblink|sepgsql|timescaledb[a-z_]*|citus|columnar|cron|anon|supautils|vault|set_user|credcheck|rds|azure|google_[a-z_]*|cloudsql|alloydb[a-z_]*|neon|postgis|ivfflat|hnsw|isn|unaccent|vchordrq|vectors)\./u;

/** Whether a setting's name belongs to a module by its first part. */
export function isModuleSetting(name: string): boolean {
  return moduleSettings.test(name);
}

/** Functions of PostgreSQL's own that an operation must list, and that do no more than count on. */
export const countingFunctions: ReadonlySet<string> = new Set([
  "pg_catalog.nextval",
  "pg_catalog.currval",
  "pg_catalog.lastval",
]);
