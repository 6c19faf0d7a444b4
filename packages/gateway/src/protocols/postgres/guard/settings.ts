import { constant, type Fields, list, open, text } from "./nodes.ts";
import { refuse, refuseForever, shown } from "./refusal.ts";

type Rule = (value: string) => boolean;
const any: Rule = (value) => value.length <= 200;
const bool: Rule = (value) => /^(?:on|off|true|false|yes|no|0|1)$/iu.test(value);
const on: Rule = (value) => /^(?:on|true|yes|1)$/iu.test(value);
const utf8: Rule = (value) => /^(?:utf-?8|unicode)$/iu.test(value);
const isolation: Rule = (value) =>
  /^(?:serializable|repeatable read|read committed|read uncommitted)$/iu.test(value);

/**
 * Settings that a client may change for its session, with what they may be set to. All others are denied: what
 * changes names, locks, limits, roles or how text is read would move the ground that a verdict stands on.
 */
const changeable: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["application_name", any],
  ["bytea_output", any],
  ["client_encoding", utf8],
  ["client_min_messages", any],
  ["datestyle", any],
  ["default_transaction_isolation", isolation],
  ["default_transaction_read_only", on],
  ["extra_float_digits", any],
  ["intervalstyle", any],
  ["jit", bool],
  ["standard_conforming_strings", on],
  ["timezone", any],
  ["transaction_isolation", isolation],
  ["transaction_read_only", on],
]);

/** Of those, the ones that the gateway pins upstream: going back to a default is denied. */
const pinned: ReadonlySet<string> = new Set([
  "client_encoding",
  "default_transaction_read_only",
  "standard_conforming_strings",
  "transaction_isolation",
  "transaction_read_only",
]);

/** Settings that may be read: how the server talks, never where its files are or who may connect. */
const readable: ReadonlySet<string> = new Set([
  ...changeable.keys(),
  "block_size",
  "default_transaction_deferrable",
  "idle_in_transaction_session_timeout",
  "in_hot_standby",
  "integer_datetimes",
  "is_superuser",
  "lc_collate",
  "lc_ctype",
  "lc_messages",
  "lc_monetary",
  "lc_numeric",
  "lc_time",
  "lock_timeout",
  "max_identifier_length",
  "max_index_keys",
  "search_path",
  "server_encoding",
  "server_version",
  "server_version_num",
  "session_authorization",
  "statement_timeout",
  "transaction_deferrable",
]);

/** @throws Refusal when the setting may not be read */
export function checkRead(name: string): void {
  if (readable.has(name.toLowerCase())) return;
  refuseForever("settings", `reading the setting ${shown(name)} is not granted by any operation`);
}

/**
 * @param value the new value as text; undefined: back to the default
 * @throws Refusal when the setting may not be changed, or not to that
 */
export function checkChange(name: string, value: string | undefined): void {
  const key = name.toLowerCase();
  const rule = changeable.get(key);
  if (rule === undefined)
    refuseForever("settings", `changing the setting ${shown(name)} is not granted by any operation`);
  if (value === undefined ? pinned.has(key) : !rule(value))
    refuse("settings", `the setting ${shown(name)} is fixed by the gateway and cannot be changed to that`);
}

/**
 * Judges SET and RESET in all forms.
 * @param writes whether the operation changes data at all; only then may a transaction be read-write
 * @throws Refusal when the statement changes what it may not
 */
export function checkSet(set: Fields, writes: boolean): void {
  const name = text(set.name);
  switch (text(set.kind)) {
    case "VAR_SET_VALUE": {
      const values = list(set.args).map((argument) => constant(argument));
      if (values.length === 0 || values.some((value) => typeof value !== "string"))
        refuse("settings", `the setting ${shown(name)} may only be set to constants`);
      return checkChange(name, values.join(", "));
    }
    case "VAR_SET_DEFAULT":
    case "VAR_RESET":
      return checkChange(name, undefined);
    case "VAR_SET_MULTI":
      if (name === "TRANSACTION" || name === "SESSION CHARACTERISTICS") return checkModes(set.args, writes);
      return refuseForever("settings", `SET ${shown(name)} is not granted by any operation`);
    case "VAR_RESET_ALL":
      return refuseForever(
        "settings",
        "RESET ALL is not granted by any operation",
        "reset settings one by one",
      );
    default:
      return refuseForever("settings", `changing the setting ${shown(name)} is not granted by any operation`);
  }
}

/**
 * Judges the modes of BEGIN, START TRANSACTION, SET TRANSACTION and SET SESSION CHARACTERISTICS.
 * @throws Refusal on READ WRITE without an operation that writes, and on anything but mode, isolation and deferrable
 */
export function checkModes(modes: unknown, writes: boolean): void {
  for (const mode of list(modes)) {
    const element =
      typeof mode === "object" && mode !== null && "DefElem" in mode
        ? open("DefElem", mode.DefElem)
        : undefined;
    const name = text(element?.defname);
    const value = constant(element?.arg);
    if (name === "transaction_isolation" && typeof value === "string" && isolation(value)) continue;
    if (name === "transaction_deferrable" && typeof value === "string") continue;
    if (name === "transaction_read_only" && (value === "1" || (value === "0" && writes))) continue;
    if (name === "transaction_read_only")
      refuse(
        "statements",
        "a read-write transaction is not granted: the grant only reads",
        "leave READ WRITE out",
      );
    refuseForever(
      "settings",
      `the transaction mode ${shown(name === "" ? "given" : name)} is not granted by any operation`,
    );
  }
}
