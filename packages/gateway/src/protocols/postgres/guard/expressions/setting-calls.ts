import { refuseMistake } from "../denied.ts";
import { checkRead, checkSetConfig } from "../statements/settings.ts";
import { restricts } from "../statements/setting-rules.ts";
import type { CheckName } from "../structure/checks.ts";
import { constant, type Fields, kindOf, names, open } from "../syntax/nodes.ts";
import type { Walk } from "../syntax/walk.ts";

/** `set_config`. @throws GuardDenied when the setting may not be changed to that */
export function checkSettingChange(call: Fields, args: readonly unknown[], walk: Walk): void {
  const { work, scope } = walk;
  const [name, value, local, ...more] = args.map((argument) => constant(unwrapped(argument), work));
  const isParameter = kindOf(unwrapped(args[1])) === "ParamRef";
  if ((typeof value !== "string" && !isParameter) || typeof local !== "string" || more.length > 0)
    refuseMistake("settings", "set_config is permitted with constants only");
  if (typeof name === "string")
    return checkSetConfig(name, typeof value === "string" ? value : undefined, scope);
  if (scope.common === undefined || typeof value !== "string" || !restricts(value))
    refuseMistake("settings", "set_config is permitted with constants only");
  checkName(call, args[0], "setting that restricts", walk);
}

/** Has a name that is found out at run time let through where it is one of those. */
function checkName(call: Fields, node: unknown, check: CheckName, { changes }: Walk): void {
  if (kindOf(node) === "NamedArgExpr" || call.func_variadic === true)
    refuseMistake("settings", "the name of a setting is permitted by its place only");
  changes.value(node, { check, label: "a", at: { kind: "argument", call, index: 0 } });
}

/** Whether `pg_notify` names a channel by a constant, of which the scope grants NOTIFY. */
export function notifiesGranted(args: readonly unknown[], { scope, work }: Walk): boolean {
  if (!scope.statements.has("notify")) return false;
  const channel = constant(unwrapped(args[0]), work);
  return typeof channel === "string" && scope.channels.has(channel);
}

/** `current_setting`. @throws GuardDenied when the setting may not be read */
export function checkCurrentSetting(call: Fields, args: readonly unknown[], walk: Walk): void {
  const { scope, work } = walk;
  const name = constant(unwrapped(args[0]), work);
  if (typeof name === "string") return checkRead(name, scope);
  if (scope.common === undefined || args[0] === undefined)
    refuseMistake("settings", "current_setting is permitted with a constant name only");
  checkName(call, args[0], "setting", walk);
}

/** The constant inside `'x'::text`. Only text-like and boolean casts, which leave a value what it is. */
function unwrapped(node: unknown): unknown {
  if (typeof node !== "object" || node === null || !("TypeCast" in node)) return node;
  const cast = open("TypeCast", node.TypeCast);
  const type = names(open("TypeName", cast.typeName).names).at(-1);
  return type === "text" || type === "bool" ? cast.arg : node;
}
