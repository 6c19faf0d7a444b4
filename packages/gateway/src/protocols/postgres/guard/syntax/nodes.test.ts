import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { nodeFields, type NodeKind } from "./node-fields.ts";
import { one, open } from "./nodes.ts";

/** Members that the parser never sets (analysis does), or that make a statement one that is always denied. */
const left: Readonly<Partial<Record<NodeKind, readonly string[]>>> = {
  A_Const: ["val"],
  CTECycleClause: ["cycle_mark_type", "cycle_mark_typmod", "cycle_mark_collation", "cycle_mark_neop"],
  CaseExpr: ["casetype", "casecollid"],
  CommonTableExpr: [
    "cterecursive",
    "cterefcount",
    "ctecolnames",
    "ctecoltypes",
    "ctecoltypmods",
    "ctecolcollations",
  ],
  CallStmt: ["funcexpr", "outargs"],
  CoalesceExpr: ["coalescetype", "coalescecollid"],
  // A constraint that names an operator, an index or a tablespace.
  Constraint: `skip_validation cooked_expr without_overlaps including exclusions options indexname indexspace
    reset_default_tblspc access_method where_clause fk_with_period pk_with_period old_conpfeqop old_pktable_oid`.split(
    /\s+/u,
  ),
  CopyStmt: ["is_program", "filename"],
  CreateStmt: [
    "inhRelations",
    "partbound",
    "partspec",
    "ofTypename",
    "constraints",
    "nnconstraints",
    "options",
    "tablespacename",
    "accessMethod",
  ],
  CreateTableAsStmt: ["is_select_into"],
  CurrentOfExpr: ["cvarno", "cursor_param"],
  DefElem: ["defnamespace"],
  DropStmt: ["concurrent"],
  GroupingFunc: ["refs", "agglevelsup"],
  IndexElem: ["indexcolname", "opclassopts"],
  IntoClause: ["accessMethod", "options", "tableSpaceName", "viewQuery"],
  JoinExpr: ["rtindex"],
  JsonBehavior: ["coerce"],
  JsonReturning: ["typid", "typmod"],
  MergeSupportFunc: ["msfcollid"],
  MinMaxExpr: ["minmaxtype", "minmaxcollid", "inputcollid"],
  NullTest: ["argisrow"],
  RowExpr: ["row_typeid", "colnames"],
  SQLValueFunction: ["type"],
  SetToDefault: ["typeId", "typeMod", "collation"],
  SubLink: ["subLinkId"],
  TableLikeClause: ["options", "relationOid"],
  TransactionStmt: ["gid"],
  TypeName: ["typeOid", "pct_type"],
  XmlExpr: ["type", "typmod"],
};

describe("the table of nodes", () => {
  const declared = readFileSync(
    createRequire(import.meta.resolve("libpg-query")).resolve("@pgsql/types/types.d.ts"),
    "utf8",
  );

  it("knows every member that PostgreSQL's nodes have, handled or left out on purpose", () => {
    for (const [kind, fields] of Object.entries(nodeFields) as [NodeKind, readonly string[]][]) {
      if (kind === "ColumnDef") continue; // Only its use in FROM is handled: name and type.
      const body = new RegExp(`export interface ${kind} \\{([^}]*)\\}`, "u").exec(declared)?.[1];
      expect(body, kind).toBeDefined();
      const members = [...(body ?? "").matchAll(/(\w+)\??:/gu)]
        .map((match) => match[1])
        .filter((name) => name !== "xpr");
      const thought = new Set([...fields, ...(left[kind] ?? [])]);
      expect(
        members.filter((name) => name !== undefined && !thought.has(name)),
        kind,
      ).toEqual([]);
    }
  });

  it("denies an unknown kind, an unknown member, an empty node and one with two kinds", () => {
    expect(() => one({ NewNode: {} })).toThrow(/NewNode is not understood/u);
    expect(() => open("A_Const", { ival: {}, added: 1 })).toThrow(/A_Const.added/u);
    expect(() => one({})).toThrow(/not understood/u);
    expect(() => one({ A_Const: {}, String: {} })).toThrow(/not understood/u);
    expect(() => one({ constructor: {} })).toThrow(/not understood/u);
    expect(() => one(undefined)).toThrow(/not understood/u);
    expect(() => open("RangeVar", undefined)).toThrow(/missing/u);
  });
});
