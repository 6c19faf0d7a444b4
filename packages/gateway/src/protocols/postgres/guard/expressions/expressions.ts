import {
  castsToLookup,
  checkCall,
  checkCollation,
  checkType,
  isCatalogueLookup,
  returnsLookup,
} from "./calls.ts";
import { checkImplied, checkOperator } from "./operators.ts";
import { checkColumn, checkIndirection } from "../names/columns.ts";
import { becomesText, callBecomesText, checkStructureCast } from "../structure/calls.ts";
import { noteCast, noteClients, noteOperation, noteXml } from "../deaf/deaf.ts";
import { checkJson, isJson } from "./json.ts";
import type { Level } from "../names/naming.ts";
import { as, type Fields, kindOf, list, one, open, text } from "../syntax/nodes.ts";
import { refuseForever, refuseMistake } from "../denied.ts";
import type { Walk, Withs } from "../syntax/walk.ts";

const kindsOfOperators: ReadonlySet<string> = new Set([
  "AEXPR_OP",
  "AEXPR_OP_ANY",
  "AEXPR_OP_ALL",
  "AEXPR_DISTINCT",
  "AEXPR_NOT_DISTINCT",
  "AEXPR_NULLIF",
  "AEXPR_IN",
  "AEXPR_LIKE",
  "AEXPR_ILIKE",
  "AEXPR_SIMILAR",
]);
/** Their operator's name is a word of the grammar: what they stand for instead (parse_expr.c, transformAExprBetween). */
const betweens: ReadonlyMap<string, readonly string[]> = new Map([
  ["AEXPR_BETWEEN", [">=", "<="]],
  ["AEXPR_NOT_BETWEEN", ["<", ">"]],
  ["AEXPR_BETWEEN_SYM", [">=", "<="]],
  ["AEXPR_NOT_BETWEEN_SYM", ["<", ">"]],
]);
const xmlOperations: ReadonlySet<string> = new Set([
  "IS_XMLCONCAT",
  "IS_XMLELEMENT",
  "IS_XMLFOREST",
  "IS_XMLPARSE",
  "IS_XMLPI",
  "IS_XMLROOT",
  "IS_DOCUMENT",
]);

/**
 * Judges one expression and everything in it: the table of the expressions that the guard understands.
 * @throws GuardDenied when the scope does not cover it, or it is not understood
 */
export function checkExpression(node: unknown, level: Level, withs: Withs | undefined, walk: Walk): void {
  const { kind, fields } = one(node);
  const each = (values: unknown): void => {
    for (const value of list(values)) walk.expression(value, level, withs);
  };
  const maybe = (value: unknown): void => {
    if (value !== undefined) walk.expression(value, level, withs);
  };
  if (isJson(kind)) return checkJson(kind, fields, level, withs, walk);
  switch (kind) {
    case "A_Const":
    case "ParamRef":
      return noteClients(node, walk);
    case "SQLValueFunction":
    case "CurrentOfExpr":
    case "MergeSupportFunc":
    case "SetToDefault":
      return;
    case "ColumnRef":
      if (checkColumn(fields, level, walk) && !isAmongTyped(node, walk)) beside("this column");
      return;
    case "A_Indirection":
      return checkIndirection(fields, level, withs, walk);
    case "A_Expr":
      return checkOperation(fields, level, withs, walk);
    case "FuncCall":
      if (
        !callBecomesText(node, fields, walk) &&
        returnsLookup(fields, walk.scope) &&
        !isAmongTyped(node, walk)
      )
        beside("this function's result");
      return checkCall(fields, level, withs, walk);
    case "TypeCast":
      if (castsToLookup(fields, walk.scope) && !isAmongTyped(node, walk) && !becomesText(node, fields, walk))
        beside("the result of this cast");
      return checkCast(fields, level, withs, walk);
    case "CollateClause":
      checkCollation(fields.collname);
      return maybe(fields.arg);
    case "BoolExpr":
    case "CoalesceExpr":
    case "MinMaxExpr":
    case "GroupingFunc":
    case "RowExpr":
      return each(fields.args);
    case "A_ArrayExpr":
      return each(fields.elements);
    case "List":
      return each(fields.items);
    case "NullTest":
      return checkDirectly(fields.arg, level, withs, walk);
    case "BooleanTest":
    case "NamedArgExpr":
      return walk.expression(fields.arg, level, withs);
    case "CaseExpr":
      checkCase(fields, level, withs, walk);
      return maybe(fields.defresult);
    case "CaseWhen":
      walk.expression(fields.expr, level, withs);
      return walk.expression(fields.result, level, withs);
    case "SubLink":
      return checkSubLink(fields, level, withs, walk);
    case "MultiAssignRef":
      return walk.expression(fields.source, level, withs);
    case "XmlExpr":
      if (!xmlOperations.has(text(fields.op)))
        refuseForever("functions", "this XML expression is never granted");
      for (const named of list(fields.named_args)) checkNamed(named, level, withs, walk);
      each(fields.args);
      return noteXml(fields, level, walk);
    case "XmlSerialize":
      checkType(fields.typeName, walk.scope);
      return walk.expression(fields.expr, level, withs);
    case "GroupingSet":
      return each(fields.content);
    default:
      return refuseForever("grammar", `${kind} is not understood here, so it is denied`);
  }
}

/**
 * Judges an expression where nothing takes its type on. Elsewhere a text beside a value of `regclass` or its kin
 * becomes one too, and PostgreSQL looks it up by name: whether it exists is then told.
 */
export function checkDirectly(node: unknown, level: Level, withs: Withs | undefined, walk: Walk): void {
  const { kind, fields } = one(node);
  if (kind === "ColumnRef") checkColumn(fields, level, walk);
  else if (kind === "FuncCall") {
    callBecomesText(node, fields, walk);
    checkCall(fields, level, withs, walk);
  } else if (kind === "TypeCast") checkCast(fields, level, withs, walk);
  else walk.expression(node, level, withs);
}

function checkCast(cast: Fields, level: Level, withs: Withs | undefined, walk: Walk): void {
  if (isCatalogueLookup(cast, walk.work)) return;
  checkDirectly(cast.arg, level, withs, walk);
  noteCast(cast, level, walk);
  if (checkStructureCast(cast, walk)) return;
  checkType(cast.typeName, walk.scope);
}

function beside(what: string): never {
  return refuseMistake(
    "types",
    `${what} has a type that looks names up, so that a text beside it would be looked up`,
    "cast it: ::text or ::oid",
  );
}

/** Whether an expression has a type of its own, which no other value's type changes. */
export function isTyped(node: unknown): boolean {
  const kind = kindOf(node);
  return kind === "TypeCast" || kind === "ColumnRef" || kind === "FuncCall";
}

function isAmongTyped(node: unknown, { typed }: Walk): boolean {
  return isObject(node) && typed.has(node);
}

function isObject(node: unknown): node is object {
  return typeof node === "object" && node !== null;
}

/** What the rows of a query are made of, in all its arms. */
function resultsOf(select: Fields): readonly unknown[] {
  if (select.larg !== undefined)
    return [select.larg, select.rarg].flatMap((arm) => resultsOf(open("SelectStmt", arm)));
  const rows = list(select.valuesLists).flatMap((row) => list(as("List", row)?.items));
  return [...rows, ...list(select.targetList).map((target) => as("ResTarget", target)?.val)];
}

/** `expression AS name` inside XMLFOREST and XMLATTRIBUTES. */
function checkNamed(node: unknown, level: Level, withs: Withs | undefined, walk: Walk): void {
  const { kind, fields } = one(node);
  if (kind !== "ResTarget" || fields.indirection !== undefined)
    refuseForever("grammar", "a named value is not understood, so it is denied");
  walk.expression(fields.val, level, withs);
}

/** Operators as they are certain. */
const operators = (names: readonly string[]): string =>
  names.map((name) => `OPERATOR(pg_catalog.${name})`).join(" and ");

function checkOperation(fields: Fields, level: Level, withs: Withs | undefined, walk: Walk): void {
  const kind = text(fields.kind);
  const implied = betweens.get(kind);
  if (implied !== undefined)
    checkImplied("BETWEEN", implied, `write ${operators(implied)} in its place`, walk.scope);
  else if (kindsOfOperators.has(kind)) checkOperator(fields.name, walk.scope);
  else refuseForever("operators", "this kind of operator is not understood, so it is denied");
  const { lexpr, rexpr } = fields;
  const compares = kind === "AEXPR_OP" || kind === "AEXPR_OP_ANY";
  const typed = compares && isTyped(lexpr) && isTyped(rexpr);
  for (const operand of [lexpr, rexpr]) {
    if (operand === undefined) continue;
    if (typed) checkDirectly(operand, level, withs, walk);
    else walk.expression(operand, level, withs);
  }
  noteOperation(fields, level, walk);
}

/** `CASE value WHEN other` compares the two, each WHEN by itself (parse_expr.c, transformCaseExpr). */
function checkCase({ arg, args }: Fields, level: Level, withs: Withs | undefined, walk: Walk): void {
  if (arg !== undefined)
    checkImplied("CASE with a value", ["="], `write CASE WHEN value ${operators(["="])} …`, walk.scope);
  const others = list(args).map((when) => as("CaseWhen", when)?.expr);
  const allTyped = isTyped(arg) && others.every((other) => isTyped(other));
  if (allTyped) checkDirectly(arg, level, withs, walk);
  else if (arg !== undefined) walk.expression(arg, level, withs);
  // A column stays what it is; another value may go on as text.
  const pairs = allTyped || kindOf(arg) === "ColumnRef";
  for (const [at, other] of others.entries()) {
    if (pairs && isTyped(other) && isObject(other)) walk.typed.add(other);
    walk.expression(list(args)[at], level, withs);
  }
}

function checkSubLink(fields: Fields, level: Level, withs: Withs | undefined, walk: Walk): void {
  const { operName: name, testexpr: lexpr } = fields;
  if (list(name).length > 0) checkOperator(name, walk.scope);
  else if (lexpr !== undefined)
    checkImplied("IN", ["="], `write ${operators(["="])} ANY (SELECT …)`, walk.scope);
  if (fields.testexpr !== undefined) walk.expression(fields.testexpr, level, withs);
  if (kindOf(fields.subselect) !== "SelectStmt")
    refuseForever("grammar", "a sub-select is not understood, so it is denied");
  if (fields.testexpr !== undefined && isTyped(fields.testexpr)) {
    const results = resultsOf(as("SelectStmt", fields.subselect) ?? {});
    if (results.every((result) => isTyped(result)))
      for (const result of results) if (isObject(result)) walk.typed.add(result);
  }
  walk.outputs.set(fields, walk.query(fields.subselect, level, withs));
  if (list(name).length > 0) noteOperation({ name, lexpr, rexpr: { SubLink: fields } }, level, walk);
}
