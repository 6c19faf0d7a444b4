import { catalogueFunctions, catalogueTypes, functions, lookupFunctions, types } from "./builtin.ts";
import type { Compiled } from "../compile.ts";
import { checkCurrentSetting, checkSettingChange, notifiesGranted } from "./setting-calls.ts";
import { isAmong } from "../found/extensions.ts";
import { noteCall } from "../deaf/deaf.ts";
import { checkGrowth } from "./growth.ts";
import { checkOperator } from "./operators.ts";
import type { Level } from "../names/naming.ts";
import { constant, type Fields, list, names, one, open, split, text } from "../syntax/nodes.ts";
import { castChecks, informationFunctions, lookupResults } from "../structure/functions.ts";
import { checkStructureCall, isOfStructure } from "../structure/calls.ts";
import { refuse, refuseForever, shown, refuseMistake } from "../denied.ts";
import type { Walk, Withs } from "../syntax/walk.ts";
import type { Work } from "../work.ts";

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

/** @throws GuardDenied when the function is not permitted */
export function checkFunction(parts: readonly string[], scope: Compiled): void {
  const ofStructure = (name: string): boolean => scope.structure !== undefined && isOfStructure(name);
  const builtin = (name: string): boolean =>
    functions.has(name) || (scope.catalog && catalogueFunctions.has(name)) || ofStructure(name);
  const name = shown(parts.join("."));
  const { schema, name: bare } = split(parts);
  if (schema === "information_schema" && (scope.catalog || scope.structure !== undefined))
    if (informationFunctions.has(bare)) return;
  if (covers(parts, builtin, scope.functions, scope.searchPath)) {
    const isListed = (full: string): boolean =>
      scope.functions.has(full) || (full === `pg_catalog.${bare}` && builtin(bare));
    if (schema === undefined) checkNamesakes(bare, isListed, scope);
    return;
  }
  if (isAmong(scope.extensions.functions, schema, bare)) return;
  refuse(
    "functions",
    `function ${name} is not granted`,
    catalogueFunctions.has(bare) ? "it needs an operation with catalog: true" : undefined,
  );
}

/**
 * Of functions with one bare name PostgreSQL takes the one that fits the arguments best, in whatever schema it is.
 * @param isListed whether the scope grants one, by its full name
 * @throws GuardDenied when it does not grant all of them
 */
export function checkNamesakes(name: string, isListed: (full: string) => boolean, scope: Compiled): void {
  const schemas = [...(scope.database.functions.get(name) ?? [])];
  const isGranted = (schema: string): boolean => isListed(`${schema}.${name}`);
  if (schemas.every(isGranted)) return;
  const granted = isGranted("pg_catalog") ? "pg_catalog" : schemas.find(isGranted);
  refuseMistake(
    "functions",
    `function ${shown(name)} could mean one of the search path that is not granted`,
    granted === undefined ? undefined : `write ${shown(`${granted}.${name}`)}`,
  );
}

/** Whether a call returns a value of a type that looks names up, where the scope does not grant those. */
export function returnsLookup(call: Fields, scope: Compiled): boolean {
  const name = names(call.funcname).at(-1) ?? "";
  return (
    !scope.catalog &&
    (lookupFunctions.has(name) || (scope.structure !== undefined && lookupResults.has(name)))
  );
}

/** The domains of information_schema (PostgreSQL manual, "Data Types" of the information schema). */
const informationType = /^(?:cardinal_number|character_data|sql_identifier|time_stamp|yes_or_no)$/u;

/** @throws GuardDenied when the type is not permitted; modifiers must be constants */
export function checkType(value: unknown, scope: Compiled): void {
  const type = open("TypeName", value);
  const parts = names(type.names);
  const builtin = (name: string): boolean => {
    const element = name.startsWith("_") ? name.slice(1) : name;
    if (scope.structure !== undefined && element === "regtype") return false;
    return types.has(element) || (scope.catalog && catalogueTypes.has(element));
  };
  const { schema, name } = split(parts);
  const information =
    schema === "information_schema" &&
    (scope.catalog || (scope.structure !== undefined && informationType.test(name)));
  const isCovered = (listed: ReadonlySet<string>): boolean =>
    covers(parts, builtin, listed, scope.searchPath);
  const isExtension = isAmong(scope.extensions.types, schema, name);
  if (!information && !isExtension && !isCovered(scope.types) && !isCovered(scope.enums))
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

/** Types that look an object up by its name, and tell the name of a number. */
const lookups: ReadonlySet<string> = new Set([
  "regclass",
  "regconfig",
  "regproc",
  "regprocedure",
  "regtype",
  "regoper",
  "regoperator",
]);

/** What ActiveRecord asks for by its signature; pg_catalog, which comes first, has it. */
const ARRAY_INPUT = "array_in(cstring,oid,integer)";

/**
 * Whether a cast looks up an object of pg_catalog by a constant name, `'pg_catalog.array_in'::regproc`, as drivers
 * do: that tells nothing of this database.
 */
export function isCatalogueLookup(cast: Fields, work: Work): boolean {
  const type = open("TypeName", cast.typeName);
  const { schema, name } = split(names(type.names));
  if (!lookups.has(name) || (schema !== undefined && schema !== "pg_catalog")) return false;
  const value = constant(cast.arg, work);
  if (typeof value !== "string") return false;
  if (list(type.arrayBounds).length > 0) return name === "regtype" && areBuiltinTypes(value);
  // Text search functions take a configuration by name anyway.
  if (name === "regprocedure" && value === ARRAY_INPUT) return true;
  if (name === "regconfig") return /^(?:pg_catalog\.)?[a-z]+$/u.test(value);
  return /^pg_catalog\.[a-z0-9_]+$/u.test(value) || (name === "regclass" && /^pg_[a-z_]+$/u.test(value));
}

/** Names that the grammar has for types of pg_catalog beside their own. */
const typeAliases: ReadonlySet<string> = new Set(["bigint", "boolean", "int", "integer", "real", "smallint"]);

/** Whether a text is an array of names of built-in types, as Drizzle writes one: `{int,int8,int2}`. */
function areBuiltinTypes(array: string): boolean {
  const names = /^\{([a-z0-9]+(?:,[a-z0-9]+)*)\}$/u.exec(array)?.[1]?.split(",") ?? [];
  return names.length > 0 && names.every((name) => typeAliases.has(name) || types.has(name));
}

/** Whether a cast gives a value of a type that looks names up, where the scope does not grant those. */
export function castsToLookup(cast: Fields, scope: Compiled): boolean {
  if (scope.catalog) return false;
  const name = names(open("TypeName", cast.typeName).names).at(-1) ?? "";
  const element = name.startsWith("_") ? name.slice(1) : name;
  return lookups.has(element) || (scope.structure !== undefined && castChecks.has(element));
}

/** @throws GuardDenied when the collation is none of pg_catalog */
export function checkCollation(value: unknown): void {
  const { schema, name } = split(names(value));
  if (schema === undefined || schema === "pg_catalog") return;
  refuseForever("types", `collation ${shown(`${schema}.${name}`)} is not granted`);
}

const isCatalogs = (full: string): boolean => full.startsWith("pg_catalog.");

const settingCalls: ReadonlyMap<string, typeof checkSettingChange> = new Map([
  ["set_config", checkSettingChange],
  ["current_setting", checkCurrentSetting],
]);

/** Functions that take a `regconfig`, and no argument of which becomes of another one's type: a text beside it stays one. */
const searching: ReadonlySet<string> = new Set([
  "json_to_tsvector",
  "jsonb_to_tsvector",
  "phraseto_tsquery",
  "plainto_tsquery",
  "to_tsquery",
  "to_tsvector",
  "ts_headline",
  "websearch_to_tsquery",
]);

/** A call of a function, an aggregate or a window function. @throws GuardDenied when it is not permitted */
export function checkCall(call: Fields, level: Level, withs: Withs | undefined, walk: Walk): void {
  const parts = names(call.funcname);
  const args = list(call.args);
  const { schema, name } = split(parts);
  const ours = schema === undefined || schema === "pg_catalog";
  const ofSettings = ours ? settingCalls.get(name) : undefined;
  if (ofSettings !== undefined) {
    if (schema === undefined) checkNamesakes(name, isCatalogs, walk.scope);
    ofSettings(call, args, walk);
  } else if (!(ours && name === "pg_notify" && notifies(args, schema, walk)))
    checkFunction(parts, walk.scope);
  if (ours) {
    checkGrowth(name, args, walk.work);
    if (walk.scope.structure !== undefined) checkStructureCall(name, call, args, walk);
  }
  const takesNoType = ours && searching.has(name);
  for (const argument of args) {
    // What is checked is cast by that, and takes on no type of what stands beside it.
    if (takesNoType || isChecked(argument, walk)) walk.directly(argument, level, withs);
    else walk.expression(argument, level, withs);
  }
  for (const sort of list(call.agg_order)) checkSort(sort, level, withs, walk);
  if (call.agg_filter !== undefined) walk.expression(call.agg_filter, level, withs);
  if (call.over !== undefined) checkWindow(call.over, level, withs, walk);
  // An extension's function of the same name is mostly the same one for a type of its own.
  if (ours || isAmong(walk.scope.extensions.functions, schema, name)) noteCall(name, args, level, walk);
}

function isChecked(node: unknown, { changes }: Walk): boolean {
  return typeof node === "object" && node !== null && changes.values.has(node);
}

/** Whether the call can only be PostgreSQL's `pg_notify`, of a channel whose NOTIFY the scope grants. */
function notifies(args: readonly unknown[], schema: string | undefined, walk: Walk): boolean {
  const { scope } = walk;
  if (schema === undefined) checkNamesakes("pg_notify", isCatalogs, scope);
  return notifiesGranted(args, walk);
}

/** One item of ORDER BY. @throws GuardDenied when the scope does not cover it */
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

/** A window definition. @throws GuardDenied when the scope does not cover it */
export function checkWindow(value: unknown, level: Level, withs: Withs | undefined, walk: Walk): void {
  const window = open("WindowDef", value);
  text(window.name);
  for (const part of list(window.partitionClause)) walk.expression(part, level, withs);
  for (const sort of list(window.orderClause)) checkSort(sort, level, withs, walk);
  if (window.startOffset !== undefined) walk.expression(window.startOffset, level, withs);
  if (window.endOffset !== undefined) walk.expression(window.endOffset, level, withs);
}
