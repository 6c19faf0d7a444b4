import { refuse, refuseForever, shown } from "./refusal.ts";
import { constantRead } from "./shape.ts";

/** The members of one node of the parse tree, as libpg-query's JSON gives them: zero, false and empty are left out. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * Every kind of node that the guard reads, with every member it handles. A kind that is not here, or a member that is
 * not here and is present, denies the statement: what PostgreSQL adds to its grammar later is refused until somebody
 * has thought about it. `location` and other positions are data without meaning.
 */
export const nodeFields = {
  A_ArrayExpr: ["elements", "location", "list_start", "list_end"],
  A_Const: ["ival", "fval", "boolval", "sval", "bsval", "isnull", "location"],
  A_Expr: ["kind", "name", "lexpr", "rexpr", "rexpr_list_start", "rexpr_list_end", "location"],
  A_Indices: ["is_slice", "lidx", "uidx"],
  A_Indirection: ["arg", "indirection"],
  A_Star: [],
  Alias: ["aliasname", "colnames"],
  BitString: ["bsval"],
  BoolExpr: ["boolop", "args", "location"],
  Boolean: ["boolval"],
  BooleanTest: ["arg", "booltesttype", "location"],
  CTECycleClause: [
    "cycle_col_list",
    "cycle_mark_column",
    "cycle_mark_value",
    "cycle_mark_default",
    "cycle_path_column",
    "location",
  ],
  CTESearchClause: ["search_col_list", "search_breadth_first", "search_seq_column", "location"],
  CaseExpr: ["arg", "args", "defresult", "location"],
  CaseWhen: ["expr", "result", "location"],
  ClosePortalStmt: ["portalname"],
  CoalesceExpr: ["args", "location"],
  CollateClause: ["arg", "collname", "location"],
  ColumnDef: ["colname", "typeName", "collClause", "is_local", "location"],
  ColumnRef: ["fields", "location"],
  CommonTableExpr: [
    "ctename",
    "aliascolnames",
    "ctematerialized",
    "ctequery",
    "search_clause",
    "cycle_clause",
    "location",
  ],
  CopyStmt: ["relation", "query", "attlist", "is_from", "options", "whereClause"],
  CurrentOfExpr: ["cursor_name"],
  DeallocateStmt: ["name", "isall", "location"],
  DeclareCursorStmt: ["portalname", "options", "query"],
  DefElem: ["defname", "arg", "defaction", "location"],
  DeleteStmt: ["relation", "usingClause", "whereClause", "returningClause", "withClause"],
  ExecuteStmt: ["name", "params"],
  ExplainStmt: ["query", "options"],
  FetchStmt: ["direction", "howMany", "portalname", "ismove", "direction_keyword", "location"],
  Float: ["fval"],
  FuncCall: [
    "funcname",
    "args",
    "agg_order",
    "agg_filter",
    "over",
    "agg_within_group",
    "agg_star",
    "agg_distinct",
    "func_variadic",
    "funcformat",
    "location",
  ],
  GroupingFunc: ["args", "location"],
  GroupingSet: ["kind", "content", "location"],
  IndexElem: ["name", "expr", "collation", "opclass", "ordering", "nulls_ordering", "location"],
  InferClause: ["indexElems", "whereClause", "conname", "location"],
  InsertStmt: [
    "relation",
    "cols",
    "selectStmt",
    "onConflictClause",
    "returningClause",
    "withClause",
    "override",
  ],
  Integer: ["ival"],
  JoinExpr: ["jointype", "isNatural", "larg", "rarg", "usingClause", "join_using_alias", "quals", "alias"],
  JsonAggConstructor: ["output", "agg_filter", "agg_order", "over", "location"],
  JsonArgument: ["val", "name"],
  JsonArrayAgg: ["constructor", "arg", "absent_on_null"],
  JsonArrayConstructor: ["exprs", "output", "absent_on_null", "location"],
  JsonArrayQueryConstructor: ["query", "output", "format", "absent_on_null", "location"],
  JsonBehavior: ["btype", "expr", "location"],
  JsonFormat: ["format_type", "encoding", "location"],
  JsonFuncExpr: [
    "op",
    "column_name",
    "context_item",
    "pathspec",
    "passing",
    "output",
    "on_empty",
    "on_error",
    "wrapper",
    "quotes",
    "location",
  ],
  JsonIsPredicate: ["expr", "format", "item_type", "unique_keys", "location"],
  JsonKeyValue: ["key", "value"],
  JsonObjectAgg: ["constructor", "arg", "absent_on_null", "unique"],
  JsonObjectConstructor: ["exprs", "output", "absent_on_null", "unique", "location"],
  JsonOutput: ["typeName", "returning"],
  JsonParseExpr: ["expr", "output", "unique_keys", "location"],
  JsonReturning: ["format"],
  JsonScalarExpr: ["expr", "output", "location"],
  JsonSerializeExpr: ["expr", "output", "location"],
  JsonTable: ["context_item", "pathspec", "passing", "columns", "on_error", "alias", "lateral", "location"],
  JsonTableColumn: [
    "coltype",
    "name",
    "typeName",
    "pathspec",
    "format",
    "wrapper",
    "quotes",
    "columns",
    "on_empty",
    "on_error",
    "location",
  ],
  JsonTablePathSpec: ["string", "name", "name_location", "location"],
  JsonValueExpr: ["raw_expr", "formatted_expr", "format"],
  List: ["items"],
  LockingClause: ["lockedRels", "strength", "waitPolicy"],
  MergeStmt: [
    "relation",
    "sourceRelation",
    "joinCondition",
    "mergeWhenClauses",
    "returningClause",
    "withClause",
  ],
  MergeSupportFunc: ["msftype", "location"],
  MergeWhenClause: ["matchKind", "commandType", "override", "condition", "targetList", "values"],
  MinMaxExpr: ["op", "args", "location"],
  MultiAssignRef: ["source", "colno", "ncolumns"],
  NamedArgExpr: ["arg", "name", "argnumber", "location"],
  NullTest: ["arg", "nulltesttype", "location"],
  OnConflictClause: ["action", "infer", "targetList", "whereClause", "location"],
  ParamRef: ["number", "location"],
  PrepareStmt: ["name", "argtypes", "query"],
  RangeFunction: ["lateral", "ordinality", "is_rowsfrom", "functions", "alias", "coldeflist"],
  RangeSubselect: ["lateral", "subquery", "alias"],
  RangeTableFunc: ["lateral", "docexpr", "rowexpr", "namespaces", "columns", "alias", "location"],
  RangeTableFuncCol: [
    "colname",
    "typeName",
    "for_ordinality",
    "is_not_null",
    "colexpr",
    "coldefexpr",
    "location",
  ],
  RangeTableSample: ["relation", "method", "args", "repeatable", "location"],
  RangeVar: ["catalogname", "schemaname", "relname", "inh", "relpersistence", "alias", "location"],
  ResTarget: ["name", "indirection", "val", "location"],
  ReturningClause: ["options", "exprs"],
  ReturningOption: ["option", "value", "location"],
  RowExpr: ["args", "row_format", "location"],
  SQLValueFunction: ["op", "typmod", "location"],
  SelectStmt: [
    "distinctClause",
    "intoClause",
    "targetList",
    "fromClause",
    "whereClause",
    "groupClause",
    "groupDistinct",
    "havingClause",
    "windowClause",
    "valuesLists",
    "sortClause",
    "limitOffset",
    "limitCount",
    "limitOption",
    "lockingClause",
    "withClause",
    "op",
    "all",
    "larg",
    "rarg",
  ],
  SetToDefault: ["location"],
  SortBy: ["node", "sortby_dir", "sortby_nulls", "useOp", "location"],
  String: ["sval"],
  SubLink: ["subLinkType", "testexpr", "operName", "subselect", "location"],
  TransactionStmt: ["kind", "options", "savepoint_name", "chain", "location"],
  TypeCast: ["arg", "typeName", "location"],
  TypeName: ["names", "typmods", "typemod", "arrayBounds", "setof", "location"],
  UnlistenStmt: ["conditionname"],
  UpdateStmt: ["relation", "targetList", "whereClause", "fromClause", "returningClause", "withClause"],
  VariableSetStmt: ["kind", "name", "args", "jumble_args", "is_local", "location"],
  VariableShowStmt: ["name"],
  WindowDef: [
    "name",
    "refname",
    "partitionClause",
    "orderClause",
    "frameOptions",
    "startOffset",
    "endOffset",
    "location",
  ],
  WithClause: ["ctes", "recursive", "location"],
  XmlExpr: ["op", "name", "named_args", "arg_names", "args", "xmloption", "indent", "location"],
  XmlSerialize: ["xmloption", "expr", "typeName", "indent", "location"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type NodeKind = keyof typeof nodeFields;

const known: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(nodeFields).map(([kind, fields]) => [kind, new Set(fields)]),
);

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Opens a member whose kind the grammar fixes (`DeleteStmt.relation` is a bare RangeVar).
 * @throws Refusal when it has a member that the guard does not handle
 */
export function open(kind: NodeKind, value: unknown): Fields {
  if (!isRecord(value)) refuse("grammar", `${kind} is missing where it is expected`);
  const fields = known.get(kind);
  for (const name of Object.keys(value)) {
    if (fields?.has(name) !== true)
      refuseForever("grammar", `${kind}.${shown(name)} is not understood, so it is denied`);
  }
  return value;
}

/**
 * Opens a node that names its own kind.
 * @throws Refusal when it is empty, of an unknown kind, or has a member that the guard does not handle
 */
export function one(value: unknown): { readonly kind: NodeKind; readonly fields: Fields } {
  const kind = kindOf(value);
  if (kind === undefined || !isRecord(value))
    refuseForever("grammar", "a part of the statement is not understood, so it is denied");
  if (!known.has(kind)) refuseForever("grammar", `${shown(kind)} is not understood, so it is denied`);
  return { kind: kind as NodeKind, fields: open(kind as NodeKind, value[kind]) };
}

/** The kind of a node that names its own kind, without judging it. */
export function kindOf(value: unknown): string | undefined {
  if (!isRecord(value)) return undefined;
  const [kind, ...more] = Object.keys(value);
  return more.length === 0 ? kind : undefined;
}

/** A node's members, when it is of that kind. */
export function as(kind: NodeKind, value: unknown): Fields | undefined {
  return kindOf(value) === kind ? one(value).fields : undefined;
}

/** A member that is a list of nodes; left out: empty. */
export function list(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value))
    refuseForever("grammar", "a part of the statement is not understood, so it is denied");
  return value;
}

/** A member that is text; left out: empty. */
export function text(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value !== "string")
    refuseForever("grammar", "a part of the statement is not understood, so it is denied");
  return value;
}

/** A list of String nodes: a qualified name, a column list. */
export function names(value: unknown): readonly string[] {
  return list(value).map((entry) => {
    const fields = as("String", entry);
    if (fields === undefined) refuseForever("grammar", "a name is not understood, so it is denied");
    return text(fields.sval);
  });
}

/** A constant's value as text, undefined when the node is not a constant; NULL gives null. */
export function constant(value: unknown): string | null | undefined {
  const fields = as("A_Const", value);
  if (fields === undefined) return undefined;
  constantRead();
  if (fields.isnull === true) return null;
  if (fields.sval !== undefined) return text(open("String", fields.sval).sval);
  if (fields.fval !== undefined) return text(open("Float", fields.fval).fval);
  if (fields.bsval !== undefined) return text(open("BitString", fields.bsval).bsval);
  if (fields.boolval !== undefined)
    return open("Boolean", fields.boolval).boolval === true ? "true" : "false";
  if (fields.ival === undefined) return undefined;
  const { ival } = open("Integer", fields.ival);
  return typeof ival === "number" ? String(ival) : "0";
}
