import { isPinnedPath, pathOf } from "../search-path.ts";
import { durationMs } from "../setting-time.ts";

/** What a setting is changed to. */
export interface Change {
  /** The values of SET, one an item of its list; undefined where the whole stands in one text. */
  readonly values: readonly string[] | undefined;
  readonly text: string;
}

/** What a change is judged by. */
export interface SettingBounds {
  /** Whether the operation changes data at all. */
  readonly writes: boolean;
  /** The schemas that the gateway fixed upstream. */
  readonly searchPath: readonly string[];
  /** The longest that each time-out may be, milliseconds, by its name; one that is left out has no bound. */
  readonly timeouts: ReadonlyMap<string, number>;
  /** Whether the session may make temporary tables: without a path PostgreSQL looks for those first. */
  readonly temporary: boolean;
}

/** Why a setting may not be changed to that. */
export interface SettingProblem {
  readonly what: string;
  readonly advice?: string;
}

/**
 * A setting that a client may change. `free` takes whatever PostgreSQL takes; `timeout` is one that the gateway
 * shortens itself; `transaction` lasts as long as its transaction.
 */
export interface SettingRule {
  readonly kind: "free" | "judged" | "timeout" | "transaction";
  problem(change: Change, bounds: SettingBounds): SettingProblem | undefined;
}

const FIXED: SettingProblem = { what: "is fixed by the gateway and cannot be changed to that" };
const MAX_CHARACTERS = 200;

const free: SettingRule = {
  kind: "free",
  problem: ({ text }) => (text.length <= MAX_CHARACTERS ? undefined : FIXED),
};

function judged(pattern: RegExp, kind: SettingRule["kind"] = "judged"): SettingRule {
  return { kind, problem: ({ text }) => (pattern.test(text) ? undefined : FIXED) };
}

/**
 * A time zone: a name, an abbreviation or an offset, as PostgreSQL reads them (manual, "Time Zones" and "POSIX Time Zone
 * Specifications"), of at most 14 hours as they are on Earth. Others move current_date by days, past what a view says of it.
 */
const timeZone: SettingRule = {
  kind: "judged",
  problem({ text }) {
    if (text === "") return undefined;
    const hours = text.length > MAX_CHARACTERS ? undefined : (OFFSET.exec(text) ?? NAMED.exec(text));
    if (hours !== undefined && hours !== null && Number(hours.groups?.["hours"] ?? 0) <= MAX_ZONE_HOURS)
      return undefined;
    return { what: "takes a name of a time zone, or an offset of at most 14 hours" };
  },
};
const OFFSET = /^[-+]?(?<hours>\d{1,2})(?:\.\d+|(?::[0-5]\d){1,2})?$/u;
const NAMED = /^(?:<[-+a-z\d]{3,10}>|[a-z][-+a-z_/]*?)(?:[-+]?(?<hours>\d{1,2})(?::[0-5]\d){0,2}[a-z]*)?$/iu;
const MAX_ZONE_HOURS = 14;

const on = /^(?:on|true|yes|1)$/iu;
const isolation = /^(?:serializable|repeatable read|read committed|read uncommitted)$/iu;

/** Read-only may be switched on always, and off where the operation writes. */
function readOnly(kind: SettingRule["kind"]): SettingRule {
  return {
    kind,
    problem: ({ text }, { writes }) =>
      on.test(text) || (writes && /^(?:off|false|no|0)$/iu.test(text)) ? undefined : FIXED,
  };
}

const searchPath: SettingRule = {
  kind: "judged",
  problem(change, bounds) {
    const schemas = change.values ?? pathOf(change.text);
    const isNone = schemas?.every((schema) => schema === "") === true;
    if (schemas !== undefined && isPinnedPath(schemas, bounds.searchPath) && !(isNone && bounds.temporary))
      return undefined;
    return { ...FIXED, advice: "name schemas in the statement: schema.table" };
  },
};

/** A time-out may be shortened; 0 switches it off. */
function timeout(name: string, kind: SettingRule["kind"]): SettingRule {
  return {
    kind,
    problem({ text }, { timeouts }) {
      const ms = durationMs(text);
      if (ms === undefined) return { what: "takes a time in milliseconds, or with a unit: '5s'" };
      const bound = timeouts.get(name) ?? Number.POSITIVE_INFINITY;
      // Without a bound of its own a statement still ends with the grant.
      if (ms === 0 ? bound === Number.POSITIVE_INFINITY : ms <= bound) return undefined;
      return {
        what: `may be ${bound} ms at most`,
        advice: `RESET ${name} goes back to the longest that it may be`,
      };
    },
  };
}

/** The setting that pg_dump changes by a name that it reads from pg_settings, since older servers have none. */
export const RESTRICTING = "restrict_nonsystem_relation_kind";
const RESTRICTED = /^view, ?foreign-table$/u;

/** Whether that setting restricts as much as it can under this value. */
export const restricts = (value: string): boolean => RESTRICTED.test(value);

/**
 * Settings that a client may change for its session. All others are denied: what changes names, locks, limits, roles or
 * how text is read would move the ground that a verdict stands on.
 */
const changeable: ReadonlyMap<string, SettingRule> = new Map<string, SettingRule>([
  ["application_name", free],
  ["array_nulls", free],
  ["bytea_output", free],
  ["check_function_bodies", free],
  ["client_encoding", judged(/^(?:utf-?8|unicode)$/iu)],
  // Below `notice` the server also sends what it writes for its operator: statements, plans, what functions run.
  ["client_min_messages", judged(/^(?:notice|warning|error)$/iu)],
  ["datestyle", free],
  ["default_transaction_deferrable", free],
  ["default_transaction_isolation", judged(isolation)],
  ["default_transaction_read_only", readOnly("judged")],
  ["escape_string_warning", free],
  ["extra_float_digits", free],
  ["geqo", free],
  ["idle_in_transaction_session_timeout", timeout("idle_in_transaction_session_timeout", "timeout")],
  ["idle_session_timeout", timeout("idle_session_timeout", "judged")],
  ["intervalstyle", free],
  ["jit", free],
  ["lock_timeout", timeout("lock_timeout", "judged")],
  ["plan_cache_mode", free],
  ["quote_all_identifiers", free],
  // pg_dump keeps its own statements from what a view or a foreign table would run.
  [RESTRICTING, judged(RESTRICTED)],
  ["search_path", searchPath],
  ["standard_conforming_strings", judged(on)],
  ["statement_timeout", timeout("statement_timeout", "timeout")],
  ["row_security", judged(on)],
  ["synchronize_seqscans", free],
  ["timezone", timeZone],
  ["transaction_isolation", judged(isolation, "transaction")],
  ["transaction_read_only", readOnly("transaction")],
  ["transaction_timeout", timeout("transaction_timeout", "timeout")],
  ["xmlbinary", free],
]);

/** Settings that may be read beside those: how the server talks, never where its files are or who may connect. */
const readable: ReadonlySet<string> = new Set([
  "block_size",
  "data_checksums",
  "default_table_access_method",
  "default_text_search_config",
  "in_hot_standby",
  "integer_datetimes",
  "is_superuser",
  "lc_collate",
  "lc_ctype",
  "lc_messages",
  "lc_monetary",
  "lc_numeric",
  "lc_time",
  "max_identifier_length",
  "max_index_keys",
  "max_prepared_transactions",
  "server_encoding",
  "server_version",
  "server_version_num",
  "session_authorization",
  "synchronous_commit",
  "transaction_deferrable",
  "wal_block_size",
  "work_mem",
  "xmloption",
]);

/** The rule of a setting that a client may change; undefined for all others. */
export function changeableSetting(name: string): SettingRule | undefined {
  return changeable.get(name.toLowerCase());
}

/** All that a client may read. */
export const readableSettings: readonly string[] = [...changeable.keys(), ...readable];

/** Whether a client may read a setting. */
export function readableSetting(name: string): boolean {
  const key = name.toLowerCase();
  return changeable.has(key) || readable.has(key);
}
