import { types } from "../expressions/builtin.ts";
import { refuse, refuseMistake, shown } from "../denied.ts";
import { outputName } from "../names/output-names.ts";
import { as, constant, type Fields, kindOf, list, names, open } from "../syntax/nodes.ts";
import type { Walk } from "../syntax/walk.ts";
import type { CheckName } from "./checks.ts";
import {
  castChecks,
  descriptionChecks,
  privilegeChecks,
  resultsAsText,
  structureFunctions,
} from "./functions.ts";

/** Whether a function of pg_catalog is permitted under `catalog: granted` where its arguments are checked. */
export function isOfStructure(name: string): boolean {
  return structureFunctions.has(name) || privilegeChecks.has(name) || name === "obj_description";
}

/** Has the arguments checked of a call of a function that tells of what it is given. @throws GuardDenied */
export function checkStructureCall(name: string, call: Fields, args: readonly unknown[], walk: Walk): void {
  if (!isOfStructure(name)) return;
  if (args.some((argument) => kindOf(argument) === "NamedArgExpr") || call.func_variadic === true)
    refuseMistake("functions", `${shown(name)} is permitted with arguments by their place only`);
  const checked = (index: number, check: CheckName, other?: number): void => {
    if (args[index] === undefined) return;
    if (other !== undefined && !isSimple(args[other]))
      refuseMistake(
        "functions",
        `${shown(name)} is permitted with a column or a constant in place ${other + 1} only`,
        "compute it in a sub-select first",
      );
    walk.changes.value(args[index], {
      check,
      label: "a",
      at: { kind: "argument", call, index },
      ...(other === undefined ? {} : { other: { node: args[other], index: other } }),
    });
  };
  const privilege = privilegeChecks.get(name);
  if (privilege !== undefined) {
    if (args.length === 3 && kindOf(args[0]) !== "SQLValueFunction")
      refuse("functions", `${shown(name)} is permitted of the session's own role only`, "leave the role out");
    return checked(args.length - 2, privilege);
  }
  if (name === "obj_description") {
    const catalogue = args.length === 2 ? constant(plain(args[1]), walk.work) : undefined;
    return checked(0, descriptionChecks.get(catalogue ?? "") ?? "builtin");
  }
  if (name === "pg_describe_object" && constant(args[2], walk.work) !== "0")
    refuseMistake("functions", "pg_describe_object is permitted of whole objects only", "write 0 in place 3");
  for (const { index, check, other } of structureFunctions.get(name) ?? []) {
    // Another argument is looked at where there is one; without it the call is the server's to refuse.
    if (other === undefined || args[other] !== undefined) checked(index, check, other);
  }
}

/**
 * Whether a value is the same wherever it stands: it is looked at in one place and used in another. A function may give
 * something else each time, and an aggregate belongs to the query that it stands in.
 */
function isSimple(node: unknown): boolean {
  const cast = as("TypeCast", node);
  if (cast !== undefined) return isSimple(cast.arg);
  const kind = kindOf(node);
  return kind === "A_Const" || kind === "ParamRef" || kind === "ColumnRef";
}

/** The constant inside a cast to text or name. */
function plain(node: unknown): unknown {
  const cast = as("TypeCast", node);
  if (cast === undefined) return node;
  const type = names(open("TypeName", cast.typeName).names).at(-1) ?? "";
  return type === "text" || type === "name" ? cast.arg : node;
}

/** The type that a cast looks names up with; undefined: it does not. */
function lookupOf(cast: Fields): string | undefined {
  const type = open("TypeName", cast.typeName);
  const parts = names(type.names);
  const name = parts.at(-1) ?? "";
  const isOurs = parts.length === 1 || parts[0] === "pg_catalog";
  return isOurs && castChecks.has(name) && list(type.arrayBounds).length === 0 ? name : undefined;
}

/**
 * Has what is cast to such a type checked under `catalog: granted`.
 * @returns whether the cast is one, and permitted so
 */
export function checkStructureCast(cast: Fields, walk: Walk): boolean {
  if (walk.scope.structure === undefined) return false;
  const name = lookupOf(cast);
  const check = castChecks.get(name ?? "");
  if (name === undefined || check === undefined) return false;
  if (isGranted(name, cast.arg, walk)) return true;
  const label = outputName({ TypeCast: cast }, walk.outputs) ?? "a";
  walk.changes.value(cast.arg, { check, label, at: { kind: "operand", cast } });
  return true;
}

/** Whether a constant names a granted table or a built-in type: then it may be looked up as it stands. */
function isGranted(type: string, value: unknown, { scope, work }: Walk): boolean {
  const name = constant(value, work);
  if (typeof name !== "string") return false;
  if (type === "regtype") return types.has(name.replace(/^pg_catalog\./u, ""));
  if (type !== "regclass") return false;
  const parts = /^(?:"([^"]+)"|([a-z_][a-z0-9_$]*))(?:\.(?:"([^"]+)"|([a-z_][a-z0-9_$]*)))?$/u.exec(name);
  if (parts === null) return false;
  const one = parts[1] ?? parts[2] ?? "";
  const other = parts[3] ?? parts[4];
  const first = scope.searchPath[0];
  if (other === undefined)
    return first !== undefined && !one.startsWith("pg_") && scope.tables.has(`${first}.${one}`);
  return scope.tables.has(`${one}.${other}`);
}

/**
 * Where a text could stand beside the result of such a cast and be looked up too, the result goes on as text: what it
 * shows is the same. @returns whether it does
 */
export function becomesText(node: unknown, cast: Fields, walk: Walk): boolean {
  if (walk.scope.structure === undefined || lookupOf(cast) === undefined) return false;
  walk.changes.value(node, { check: "text", label: "a", at: { kind: "cast", cast } });
  return true;
}

/** The same of a call whose result names roles. @throws GuardDenied where the call stands for a name or number itself */
export function callBecomesText(node: unknown, call: Fields, { scope, changes }: Walk): boolean {
  const parts = names(call.funcname);
  const name = parts.at(-1) ?? "";
  const isOurs = parts.length === 1 || (parts.length === 2 && parts[0] === "pg_catalog");
  if (scope.structure === undefined || !isOurs || !resultsAsText.has(name)) return false;
  if (typeof node !== "object" || node === null || changes.values.has(node))
    refuseMistake("functions", `${shown(name)} is permitted beside texts only`, "cast it: ::text");
  changes.value(node, { check: "text", label: "a", at: { kind: "call", call } });
  return true;
}
