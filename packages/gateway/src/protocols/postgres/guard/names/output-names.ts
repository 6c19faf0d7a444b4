import { as, type Fields, kindOf, list, names, open, text } from "../syntax/nodes.ts";
import type { ColumnName } from "./naming.ts";
import type { Output } from "../syntax/walk.ts";

/** A name and how strongly the expression gives it: a cast or CASE around it takes over a weak one. */
interface Figured {
  readonly name: ColumnName;
  readonly strength: 0 | 1 | 2;
}

const none: Figured = { name: "?column?", strength: 0 };
const strong = (name: ColumnName): Figured => ({ name, strength: 2 });

/** Expressions that are named by what they are. */
const byKind: ReadonlyMap<string, string> = new Map([
  ["A_ArrayExpr", "array"],
  ["CoalesceExpr", "coalesce"],
  ["GroupingFunc", "grouping"],
  ["JsonArrayAgg", "json_arrayagg"],
  ["JsonArrayConstructor", "json_array"],
  ["JsonArrayQueryConstructor", "json_array"],
  ["JsonObjectAgg", "json_objectagg"],
  ["JsonObjectConstructor", "json_object"],
  ["JsonParseExpr", "json"],
  ["JsonScalarExpr", "json_scalar"],
  ["JsonSerializeExpr", "json_serialize"],
  ["MergeSupportFunc", "merge_action"],
  ["RowExpr", "row"],
  ["XmlSerialize", "xmlserialize"],
]);

/** Expressions that are named by one of their members. */
const byMember: ReadonlyMap<string, readonly [member: string, values: ReadonlyMap<string, string>]> = new Map(
  [
    [
      "JsonFuncExpr",
      [
        "op",
        new Map([
          ["JSON_EXISTS_OP", "json_exists"],
          ["JSON_QUERY_OP", "json_query"],
          ["JSON_VALUE_OP", "json_value"],
        ]),
      ],
    ],
    [
      "MinMaxExpr",
      [
        "op",
        new Map([
          ["IS_GREATEST", "greatest"],
          ["IS_LEAST", "least"],
        ]),
      ],
    ],
    [
      "SQLValueFunction",
      [
        "op",
        new Map([
          ["SVFOP_CURRENT_DATE", "current_date"],
          ["SVFOP_CURRENT_TIME", "current_time"],
          ["SVFOP_CURRENT_TIME_N", "current_time"],
          ["SVFOP_CURRENT_TIMESTAMP", "current_timestamp"],
          ["SVFOP_CURRENT_TIMESTAMP_N", "current_timestamp"],
          ["SVFOP_LOCALTIME", "localtime"],
          ["SVFOP_LOCALTIME_N", "localtime"],
          ["SVFOP_LOCALTIMESTAMP", "localtimestamp"],
          ["SVFOP_LOCALTIMESTAMP_N", "localtimestamp"],
          ["SVFOP_CURRENT_ROLE", "current_role"],
          ["SVFOP_CURRENT_USER", "current_user"],
          ["SVFOP_USER", "user"],
          ["SVFOP_SESSION_USER", "session_user"],
          ["SVFOP_CURRENT_CATALOG", "current_catalog"],
          ["SVFOP_CURRENT_SCHEMA", "current_schema"],
        ]),
      ],
    ],
    [
      "XmlExpr",
      [
        "op",
        new Map([
          ["IS_XMLCONCAT", "xmlconcat"],
          ["IS_XMLELEMENT", "xmlelement"],
          ["IS_XMLFOREST", "xmlforest"],
          ["IS_XMLPARSE", "xmlparse"],
          ["IS_XMLPI", "xmlpi"],
          ["IS_XMLROOT", "xmlroot"],
          ["IS_XMLSERIALIZE", "xmlserialize"],
        ]),
      ],
    ],
  ],
);

/** Expressions that PostgreSQL names `?column?`. Of one that is neither here nor above, the name is not known. */
const nameless: ReadonlySet<string> = new Set([
  "A_Expr",
  "BoolExpr",
  "BooleanTest",
  "CurrentOfExpr",
  "JsonIsPredicate",
  "NullTest",
  "ParamRef",
  "XmlExpr",
]);

/**
 * The name that PostgreSQL gives an output column without AS (parse_target.c, FigureColname); undefined where it is
 * not certain, servers of other versions included.
 * @param outputs what the sub-selects in it return
 */
export function outputName(node: unknown, outputs: WeakMap<object, Output>): ColumnName {
  return figure(node, outputs, 0).name;
}

function figure(node: unknown, outputs: WeakMap<object, Output>, depth: number): Figured {
  const kind = kindOf(node) ?? "";
  if (depth > 500) return strong(undefined);
  const fields = (node as Readonly<Record<string, Fields>>)[kind] ?? {};
  const known = byKind.get(kind);
  if (known !== undefined) return strong(known);
  const [member, values] = byMember.get(kind) ?? [];
  const named = member === undefined ? undefined : values?.get(text(fields[member]));
  if (named !== undefined) return strong(named);
  switch (kind) {
    case "ColumnRef": {
      const last = lastName(fields.fields);
      return last === undefined ? none : strong(last);
    }
    case "A_Indirection": {
      const last = lastName(fields.indirection);
      return last === undefined ? figure(fields.arg, outputs, depth + 1) : strong(last);
    }
    case "FuncCall": {
      const name = names(fields.funcname).at(-1);
      // Before PostgreSQL 14 EXTRACT was date_part to the grammar.
      return strong(name === "extract" ? undefined : name);
    }
    case "A_Const":
      // Before PostgreSQL 15 a boolean constant was a cast, and named after its type.
      return fields.boolval === undefined ? none : { name: undefined, strength: 1 };
    case "CollateClause":
      return figure(fields.arg, outputs, depth + 1);
    case "TypeCast":
      return weaker(figure(fields.arg, outputs, depth + 1), typeOf(fields.typeName));
    case "CaseExpr":
      return weaker(
        fields.defresult === undefined ? none : figure(fields.defresult, outputs, depth + 1),
        "case",
      );
    case "SubLink":
      return subLink(fields, outputs);
    default:
      if (kind === "A_Expr" && fields.kind === "AEXPR_NULLIF") return strong("nullif");
      return nameless.has(kind) ? none : strong(undefined);
  }
}

/** What is around an expression names the column unless the expression does so strongly. */
function weaker(inner: Figured, outer: ColumnName): Figured {
  return inner.strength === 2 ? inner : { name: outer, strength: 1 };
}

function typeOf(value: unknown): ColumnName {
  return names(open("TypeName", value).names).at(-1);
}

function lastName(parts: unknown): string | undefined {
  const last = list(parts)
    .map((part) => as("String", part))
    .findLast((part) => part !== undefined);
  return last === undefined ? undefined : text(last.sval);
}

function subLink(fields: Fields, outputs: WeakMap<object, Output>): Figured {
  switch (text(fields.subLinkType)) {
    case "EXISTS_SUBLINK":
      return strong("exists");
    case "ARRAY_SUBLINK":
      return strong("array");
    case "EXPR_SUBLINK": {
      const output = outputs.get(fields);
      return strong(output?.complete === true ? output.columns[0] : undefined);
    }
    case "ANY_SUBLINK":
    case "ALL_SUBLINK":
    case "ROWCOMPARE_SUBLINK":
      return none;
    default:
      return strong(undefined);
  }
}
