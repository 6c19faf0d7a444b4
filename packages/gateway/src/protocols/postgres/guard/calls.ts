import {
  catalogueFunctions,
  catalogueTypes,
  functions,
  lookupFunctions,
  operators,
  types,
} from "./builtin.ts";
import type { Compiled } from "./compile.ts";
import { checkGrowth } from "./growth.ts";
import type { Level } from "./naming.ts";
import { constant, type Fields, list, names, one, open, text } from "./nodes.ts";
import { refuse, refuseForever, shown, refuseMistake } from "./refusal.ts";
import { checkChange, checkRead } from "./settings.ts";
import type { Walk, Withs } from "./walk.ts";

/** A possibly qualified name's parts. @throws Refusal on more than two */
export function split(parts: readonly string[]): {
  readonly schema: string | undefined;
  readonly name: string;
} {
  const [first, second] = parts;
  if (first === undefined || parts.length > 2)
    refuseForever("grammar", "a name with that many parts is refused");
  return second === undefined ? { schema: undefined, name: first } : { schema: first, name: second };
}

/** Whether a name means one of pg_catalog or one that the scope lists, by the fixed search path. */
function covers(
  parts: readonly string[],
  builtin: (name: string) => boolean,
  listed: ReadonlySet<string>,
  searchPath: readonly string[],
): boolean {
  const { schema, name } = split(parts);
  if (schema === "pg_catalog") return builtin(name) || listed.has(`pg_catalog.${name}`);
  if (schema !== undefined) return listed.has(`${schema}.${name}`);
  if (builtin(name) || listed.has(`pg_catalog.${name}`)) return true;
  const [first] = searchPath;
  return first !== undefined && listed.has(`${first}.${name}`);
}

/** @throws Refusal when the function is not permitted */
export function checkFunction(parts: readonly string[], scope: Compiled): void {
  const builtin = (name: string): boolean =>
    functions.has(name) || (scope.catalog && catalogueFunctions.has(name));
  const name = shown(parts.join("."));
  const { schema, name: bare } = split(parts);
  if (covers(parts, builtin, scope.functions, scope.searchPath)) {
    if (schema !== undefined || !builtin(bare) || !isNamesake(bare, scope.database.functions, scope)) return;
    refuseMistake(
      "functions",
      `function ${name} could mean one of the search path that is not granted`,
      `write pg_catalog.${name}`,
    );
  }
  refuse(
    "functions",
    `function ${name} is not granted`,
    catalogueFunctions.has(bare) ? "it needs an operation with catalog: true" : undefined,
  );
}

/** Whether a call returns a value of a type that looks names up, where the scope does not grant those. */
export function returnsLookup(call: Fields, scope: Compiled): boolean {
  return !scope.catalog && lookupFunctions.has(names(call.funcname).at(-1) ?? "");
}

/** Whether the database's search path has something of that name which the scope does not list. */
function isNamesake(name: string, found: ReadonlySet<string>, scope: Compiled): boolean {
  return found.has(name) && !scope.functions.has(`${scope.searchPath[0] ?? ""}.${name}`);
}

/** @throws Refusal when the operator is not one of pg_catalog */
export function checkOperator(value: unknown, scope: Compiled): void {
  const { schema, name } = split(names(value));
  if ((schema === undefined || schema === "pg_catalog") && operators.has(name)) {
    if (schema !== undefined || !scope.database.operators.has(name)) return;
    refuseMistake(
      "operators",
      `operator ${shown(name)} could mean one of the search path that is not granted`,
      `write OPERATOR(pg_catalog.${name})`,
    );
  }
  refuse("operators", `operator ${shown(schema === undefined ? name : `${schema}.${name}`)} is not granted`);
}

/** @throws Refusal when the type is not permitted; modifiers must be constants */
export function checkType(value: unknown, scope: Compiled): void {
  const type = open("TypeName", value);
  const parts = names(type.names);
  const builtin = (name: string): boolean => {
    const element = name.startsWith("_") ? name.slice(1) : name;
    return types.has(element) || (scope.catalog && catalogueTypes.has(element));
  };
  const { schema, name } = split(parts);
  const information = scope.catalog && schema === "information_schema";
  if (!information && !covers(parts, builtin, scope.types, scope.searchPath))
    refuse(
      "types",
      `type ${shown(parts.join("."))} is not granted`,
      catalogueTypes.has(name) ? "it needs an operation with catalog: true" : undefined,
    );
  for (const modifier of list(type.typmods)) {
    const known = one(modifier);
    if (known.kind !== "A_Const")
      refuseMistake("types", `the modifier of type ${shown(name)} must be a constant`);
  }
  for (const bound of list(type.arrayBounds)) one(bound);
}

/** Types that look an object up by its name. */
const lookups: ReadonlySet<string> = new Set([
  "regclass",
  "regproc",
  "regprocedure",
  "regtype",
  "regoper",
  "regoperator",
]);

/**
 * Whether a cast looks up an object of pg_catalog by a constant name, `'pg_catalog.array_in'::regproc`, as drivers
 * do: that tells nothing of this database.
 */
export function isCatalogueLookup(cast: Fields): boolean {
  const type = open("TypeName", cast.typeName);
  const { schema, name } = split(names(type.names));
  if ((!lookups.has(name) && name !== "regconfig") || (schema !== undefined && schema !== "pg_catalog"))
    return false;
  if (list(type.arrayBounds).length > 0) return false;
  const value = constant(cast.arg);
  if (typeof value !== "string") return false;
  // Text search functions take a configuration by name anyway.
  if (name === "regconfig") return /^(?:pg_catalog\.)?[a-z]+$/u.test(value);
  return /^pg_catalog\.[a-z0-9_]+$/u.test(value) || (name === "regclass" && /^pg_[a-z_]+$/u.test(value));
}

/** @throws Refusal when the collation is none of pg_catalog */
export function checkCollation(value: unknown): void {
  const { schema, name } = split(names(value));
  if (schema === undefined || schema === "pg_catalog") return;
  refuseForever("types", `collation ${shown(`${schema}.${name}`)} is not granted`);
}

/** A call of a function, an aggregate or a window function. @throws Refusal when it is not permitted */
export function checkCall(call: Fields, level: Level, withs: Withs | undefined, walk: Walk): void {
  const parts = names(call.funcname);
  const args = list(call.args);
  const { schema, name } = split(parts);
  const ours = schema === undefined || schema === "pg_catalog";
  if (ours && name === "set_config") checkSetConfig(args);
  else if (ours && name === "current_setting") checkCurrentSetting(args);
  else checkFunction(parts, walk.scope);
  if (ours) checkGrowth(name, args);
  for (const argument of args) walk.expression(argument, level, withs);
  for (const sort of list(call.agg_order)) checkSort(sort, level, withs, walk);
  if (call.agg_filter !== undefined) walk.expression(call.agg_filter, level, withs);
  if (call.over !== undefined) checkWindow(call.over, level, withs, walk);
}

function checkSetConfig(args: readonly unknown[]): void {
  const [name, value, local, ...more] = args.map((argument) => constant(unwrapped(argument)));
  if (typeof name !== "string" || typeof value !== "string" || typeof local !== "string" || more.length > 0)
    refuseMistake("settings", "set_config is permitted with constants only");
  checkChange(name, value);
}

function checkCurrentSetting(args: readonly unknown[]): void {
  const name = constant(unwrapped(args[0]));
  if (typeof name !== "string")
    refuseMistake("settings", "current_setting is permitted with a constant name only");
  checkRead(name);
}

/** The constant inside `'x'::text`. Only text-like and boolean casts, which leave a value what it is. */
function unwrapped(node: unknown): unknown {
  if (typeof node !== "object" || node === null || !("TypeCast" in node)) return node;
  const cast = open("TypeCast", node.TypeCast);
  const type = names(open("TypeName", cast.typeName).names).at(-1);
  return type === "text" || type === "bool" ? cast.arg : node;
}

/** One item of ORDER BY. @throws Refusal when the scope does not cover it */
export function checkSort(value: unknown, level: Level, withs: Withs | undefined, walk: Walk): void {
  const sort = sortFields(value, walk.scope);
  walk.expression(sort.node, level, withs);
}

/** The members of one item of ORDER BY, its operator judged. */
export function sortFields(value: unknown, scope: Compiled): Fields {
  const { kind, fields } = one(value);
  if (kind !== "SortBy") refuseForever("grammar", "a part of ORDER BY is not understood, so it is denied");
  if (list(fields.useOp).length > 0) checkOperator(fields.useOp, scope);
  return fields;
}

/** A window definition. @throws Refusal when the scope does not cover it */
export function checkWindow(value: unknown, level: Level, withs: Withs | undefined, walk: Walk): void {
  const window = open("WindowDef", value);
  text(window.name);
  for (const part of list(window.partitionClause)) walk.expression(part, level, withs);
  for (const sort of list(window.orderClause)) checkSort(sort, level, withs, walk);
  if (window.startOffset !== undefined) walk.expression(window.startOffset, level, withs);
  if (window.endOffset !== undefined) walk.expression(window.endOffset, level, withs);
}
