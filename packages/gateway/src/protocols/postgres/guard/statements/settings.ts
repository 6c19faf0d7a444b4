import type { Compiled } from "../compile.ts";
import type { Work } from "../work.ts";
import { as, constant, type Fields, kindOf, list, names, open, text } from "../syntax/nodes.ts";
import { refuse, refuseForever, refuseMistake, shown } from "../denied.ts";
import { ownSetting } from "./own-settings.ts";
import { type Change, changeableSetting, readableSetting } from "./setting-rules.ts";

/** @throws GuardDenied when the setting may not be read */
export function checkRead(name: string, scope: Compiled): void {
  if (readableSetting(name) || ownSetting(name, scope) !== undefined) return;
  refuseForever("settings", `reading the setting ${shown(name)} is not granted by any operation`);
}

/**
 * Judges what a setting is changed to.
 * @param change the new value; undefined: back to what the session began with
 * @throws GuardDenied when the setting may not be changed, or not to that
 */
function checkChange(name: string, change: Change | undefined, scope: Compiled): void {
  const rule = changeableSetting(name) ?? ownSetting(name, scope);
  if (rule === undefined)
    refuseForever("settings", `changing the setting ${shown(name)} is not granted by any operation`);
  // What the session began with is what the gateway and the client's start-up parameters said.
  if (change === undefined) {
    if (rule.kind === "transaction")
      refuse("settings", `the setting ${shown(name)} belongs to a transaction and has no default`);
    return;
  }
  const problem = rule.problem(change, {
    writes: scope.writes,
    searchPath: scope.searchPath,
    timeouts: scope.database.timeouts,
    temporary: scope.temporary !== undefined,
  });
  if (problem !== undefined) refuse("settings", `the setting ${shown(name)} ${problem.what}`, problem.advice);
}

/**
 * Judges `set_config(name, value, is_local)`.
 * @param value undefined for what is known at Bind alone: then the setting must be one that takes anything
 * @throws GuardDenied when the setting may not be changed, or not to that
 */
export function checkSetConfig(name: string, value: string | undefined, scope: Compiled): void {
  const rule = changeableSetting(name) ?? ownSetting(name, scope);
  if (rule?.kind === "timeout")
    refuseMistake(
      "settings",
      `set_config does not change ${shown(name)} here`,
      `write SET ${name.toLowerCase()} = …`,
    );
  if (value !== undefined) return checkChange(name, { values: undefined, text: value }, scope);
  if (rule?.kind === "free") return;
  refuseMistake(
    "settings",
    `set_config is permitted with constants only for the setting ${shown(name)}`,
    "write its value into the statement",
  );
}

/** The value of one argument of SET, as text; `INTERVAL '…'` stands for its text, as in SET TIME ZONE. */
function valueOf(argument: unknown, setting: string, work: Work): string | null | undefined {
  if (setting !== "timezone" || kindOf(argument) !== "TypeCast") return constant(argument, work);
  const cast = open("TypeCast", as("TypeCast", argument));
  const type = names(open("TypeName", cast.typeName).names).at(-1);
  return type === "interval" ? constant(cast.arg, work) : undefined;
}

/**
 * Judges SET and RESET in all forms.
 * @throws GuardDenied when the statement changes what it may not
 */
export function checkSet(set: Fields, scope: Compiled, work: Work): void {
  const name = text(set.name);
  switch (text(set.kind)) {
    case "VAR_SET_VALUE": {
      const values: string[] = [];
      for (const argument of list(set.args)) {
        const value = valueOf(argument, name.toLowerCase(), work);
        if (typeof value !== "string")
          refuse("settings", `the setting ${shown(name)} may only be set to constants`);
        values.push(value);
      }
      if (values.length === 0) refuse("settings", `the setting ${shown(name)} may only be set to constants`);
      return checkChange(name, { values, text: values.join(", ") }, scope);
    }
    case "VAR_SET_DEFAULT":
    case "VAR_RESET":
      return checkChange(name, undefined, scope);
    case "VAR_SET_MULTI":
      if (name === "TRANSACTION" || name === "SESSION CHARACTERISTICS")
        return checkModes(set.args, scope.writes, work);
      return refuseForever("settings", `SET ${shown(name)} is not granted by any operation`);
    case "VAR_RESET_ALL":
      // Back to what the session began with: what the gateway fixed is among that.
      return;
    default:
      return refuseForever("settings", `changing the setting ${shown(name)} is not granted by any operation`);
  }
}

const isolation = /^(?:serializable|repeatable read|read committed|read uncommitted)$/iu;

/**
 * Judges the modes of BEGIN, START TRANSACTION, SET TRANSACTION and SET SESSION CHARACTERISTICS.
 * @throws GuardDenied on READ WRITE without an operation that writes, and on anything but mode, isolation and deferrable
 */
export function checkModes(modes: unknown, writes: boolean, work: Work): void {
  for (const mode of list(modes)) {
    const element =
      typeof mode === "object" && mode !== null && "DefElem" in mode
        ? open("DefElem", mode.DefElem)
        : undefined;
    const name = text(element?.defname);
    const value = constant(element?.arg, work);
    if (name === "transaction_isolation" && typeof value === "string" && isolation.test(value)) continue;
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
