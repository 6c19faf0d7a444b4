import { catalogueFunctions } from "../expressions/builtin.ts";
import type { Level } from "../names/naming.ts";
import { refuseMistake } from "../denied.ts";
import { as, constant, type Fields, kindOf, list, names, open, split, text } from "../syntax/nodes.ts";
import type { Walk } from "../syntax/walk.ts";
import { MOST_NS } from "./compared.ts";
import { checkJsonPathCall, checkJsonPathOperand } from "./jsonpath.ts";
import {
  ARRAY_INPUT_NS,
  type Deaf,
  deafAlone,
  type DeafAlone,
  deafFunctions,
  deafMembers,
  deafOperators,
  passedTypes,
  quickTypes,
  shapeOperators,
} from "./list.ts";
import { exactly, figureOf, type Size } from "./size.ts";
import { sizeOf } from "./sizes.ts";
import { patternSize } from "./pattern.ts";
import { checkPathCall } from "./xpath.ts";

/** How to bound a search: what is looked for is left as it is where that is short already. */
function boundText(sought: Size, call: (searched: string, sought: string) => string): string {
  const isShort = figureOf(sought, "characters", 1) <= 200;
  return isShort
    ? `bound what it is looked for in: ${call("left(…, 1000000)", "…")}`
    : `bound what is looked for, and what it is looked for in: ${call("left(…, 1000000)", "left(…, 100)")}`;
}
const boundMembers =
  "bound one of them: write it in the statement, ARRAY(SELECT unnest(…) LIMIT 100), or left(…::text, 1000)::jsonb";

/** A call of a function of pg_catalog's, or of an extension's: notes what it compares. @throws GuardDenied for a path that nothing could end */
export function noteCall(name: string, args: readonly unknown[], level: Level, walk: Walk): void {
  checkPathCall(name, args, level, walk);
  checkJsonPathCall(name, args, level, walk);
  if (takesXml.has(name))
    for (const value of args.slice(1))
      if (isOfClient(value)) noteAlone(name, value, deafAlone.get("xml"), level, walk);
  if (takesQueries.has(name)) noteQueries(name, name === "ts_headline" ? args.slice(-2) : args, level, walk);
  for (const value of args) {
    if (namedByTexts.test(name) || (isOfClient(value) && takesNames(name)))
      noteAlone(name, value, deafAlone.get("a name"), level, walk);
  }
  const alone = deafAlone.get(name);
  if (alone !== undefined) return noteAlone(name, args.at(alone.at), alone, level, walk);
  const deaf = deafFunctions.get(name);
  const [searched, sought] = args;
  if (deaf === undefined || searched === undefined || sought === undefined) return;
  const size = sizeOf(sought, level, walk);
  const call = (one: string, other: string): string =>
    name === "position" ? `position(${other} IN ${one})` : `${name}(${one}, ${other})`;
  const remedy = deaf.of === "characters" ? boundText(size, call) : boundMembers;
  note(name, deaf, sizeOf(searched, level, walk), size, remedy, walk);
}

function note(what: string, { of, ns }: Deaf, one: Size, other: Size, remedy: string, walk: Walk): void {
  walk.changes.compared.add({ what, of, ns, one, other, remedy });
}

/** Functions that take a query of text search. */
const takesQueries: ReadonlySet<string> = new Set([
  "numnode",
  "querytree",
  "ts_headline",
  "ts_rank",
  "ts_rank_cd",
  "tsquery_phrase",
]);
/** Functions whose second argument is XML. */
const takesXml: ReadonlySet<string> = new Set(["xpath", "xpath_exists", "xmlexists"]);
/** Functions of pg_catalog that take a name as a text; and others that take one where it is written, or passed. */
const namedByTexts = /^(?:to_reg\w+|has_\w+_privilege|pg_get_serial_sequence)$/u;
const takesNames = (name: string): boolean => catalogueFunctions.has(name) || ofSequences.has(name);
const ofSequences: ReadonlySet<string> = new Set(["currval", "nextval", "setval"]);
/** What takes the type that it is wanted in: a literal, or a parameter. */
function isOfClient(node: unknown): boolean {
  const kind = kindOf(node);
  return kind === "A_Const" || kind === "ParamRef";
}

/** Literals and parameters that become queries of text search. */
function noteQueries(what: string, values: readonly unknown[], level: Level, walk: Walk): void {
  for (const value of values)
    if (isOfClient(value)) noteAlone(what, value, deafAlone.get("tsquery"), level, walk);
}

/** A value that takes long by itself. */
function noteAlone(
  what: string,
  value: unknown,
  alone: DeafAlone | undefined,
  level: Level,
  walk: Walk,
): void {
  if (value === undefined || alone === undefined) return;
  const size = sizeOf(value, level, walk);
  note(what, { ...alone, of: "characters" }, size, size, `bound it: left(…, ${enough(alone.ns)})`, walk);
}

/** About how many characters of one value are done in half a second, in a round number. */
function enough(ns: number): number {
  const most = Math.sqrt(MOST_NS / 2 / ns);
  const digits = 10 ** Math.floor(Math.log10(most));
  return Math.floor(most / digits) * digits;
}

/** An operation, by its operator: notes what it compares. @throws GuardDenied for a path that nothing could end */
export function noteOperation({ kind, name, lexpr, rexpr }: Fields, level: Level, walk: Walk): void {
  const operator = names(name).at(-1) ?? "";
  if (operator === "@?" || operator === "@@") checkJsonPathOperand(operator, rexpr, walk);
  if (operator === "@@" || operator === "@@@") noteQueries(operator, [lexpr, rexpr], level, walk);
  const ofMembers = kind === "AEXPR_OP_ANY" || kind === "AEXPR_OP_ALL";
  const deaf =
    (shapeOperators.has(operator) && mayHoldShapes(walk) ? shapeOperators : deafOperators).get(operator) ??
    (ofMembers ? deafMembers.get(operator) : undefined);
  if (deaf === undefined || lexpr === undefined || rexpr === undefined) return;
  const isPattern = operator.includes("~~");
  // Of several patterns each is looked for.
  const sought = isPattern && !ofMembers ? patternSize(rexpr, level, walk) : sizeOf(rexpr, level, walk);
  // Of jsonb an array of keys is taken; a number is taken from a number.
  if (operator === "-" && sought.isArray === "no") return;
  const what = isPattern ? "LIKE" : operator;
  const remedy =
    deaf.of === "characters" ? boundText(sought, (one, other) => `${one} ${what} ${other}`) : boundMembers;
  note(what, deaf, sizeOf(lexpr, level, walk), sought, remedy, walk);
}

const shapes: ReadonlySet<string> = new Set(["path", "polygon", "pclose", "popen"]);
const makesShapes = new WeakMap<object, boolean>();

/** Whether a path or a polygon may be compared: a granted table holds one, or the statement names such a type or function. */
function mayHoldShapes({ scope, changes: { statement } }: Walk): boolean {
  const { slowTypes } = scope.database;
  if (slowTypes.has("path") || slowTypes.has("polygon")) return true;
  if (typeof statement !== "object" || statement === null) return false;
  const makes = makesShapes.get(statement) ?? namesShapes(statement);
  makesShapes.set(statement, makes);
  return makes;
}

function namesShapes(node: unknown): boolean {
  if (typeof node !== "object" || node === null) return false;
  const { sval } = node as Fields;
  if (typeof sval === "string" && shapes.has(sval.replace(/^_/u, ""))) return true;
  return Object.values(node).some((each) => namesShapes(each));
}

/** Types whose input is quadratic, by the name of one or of an array of them. */
function deafTypeOf(parts: unknown): readonly [string, DeafAlone | undefined] {
  const { schema, name } = split(names(parts));
  const type = name.replace(/^_/u, "");
  if (schema !== undefined && schema !== "pg_catalog") return [type, undefined];
  return [type, deafAlone.get(type.startsWith("reg") ? "a name" : type)];
}

/** A cast: notes what the input of its type compares. */
export function noteCast({ arg, typeName }: Fields, level: Level, walk: Walk): void {
  const { names: parts, arrayBounds } = open("TypeName", typeName);
  const [type, alone] = deafTypeOf(parts);
  if (alone !== undefined) return noteAlone(`a cast to ${type}`, arg, alone, level, walk);
  if (list(arrayBounds).length === 0 || quickTypes.has(type)) return;
  const size = sizeOf(arg, level, walk);
  const input: Deaf = { of: "characters", ns: ARRAY_INPUT_NS, file: "arrayfuncs.c" };
  if (size.isArray !== "yes")
    note(`a cast to ${type}[]`, input, size, exactly(1), "bound it: left(…, 1000000)", walk);
}

/** XMLPARSE, and what else of the grammar's own takes XML. */
export function noteXml({ op, args }: Fields, level: Level, walk: Walk): void {
  for (const value of list(args))
    if (text(op) === "IS_XMLPARSE" || isOfClient(value))
      noteAlone("reading XML", value, deafAlone.get("xml"), level, walk);
}

/**
 * A literal, or a parameter: beside a column of a type that is read slowly it may become one.
 * @throws GuardDenied for a literal that nothing could end the reading of
 */
export function noteClients(node: unknown, { scope, changes, work }: Walk): void {
  for (const type of scope.database.slowTypes) {
    const bound = passedTypes.get(type);
    if (bound?.of !== "characters") continue;
    const number = as("ParamRef", node)?.number;
    if (typeof number === "number") changes.compared.bound(number, bound);
    else if ((constant(node, work)?.length ?? 0) > bound.most)
      refuseMistake(
        "limits",
        `nothing could end reading ${type} of this length before it is done`,
        `write at most ${bound.most} characters`,
      );
  }
}

/** PREPARE says of which types its parameters are: some are read slowly. */
export function notePrepared(types: unknown, walk: Walk): void {
  for (const [at, type] of list(types).entries()) {
    const bound = passedTypes.get(deafTypeOf(open("TypeName", as("TypeName", type)).names)[0]);
    if (bound !== undefined) walk.changes.compared.bound(at + 1, bound);
  }
}
