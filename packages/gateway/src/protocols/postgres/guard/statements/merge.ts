import type { TableGrant } from "../compile.ts";
import { refuse, refuseMistake, shown } from "../denied.ts";
import type { Level, Range } from "../names/naming.ts";
import { grantFor, type TableName } from "../names/tables.ts";
import { as, type Fields, list, open, text } from "../syntax/nodes.ts";
import type { Output, Walk, Withs } from "../syntax/walk.ts";
import { checkFrom } from "./from.ts";
import { isPinned, type Pinning } from "./pinned.ts";
import { valueItems } from "./value-items.ts";
import { checkWith } from "./withs.ts";
import {
  checkAssigned,
  checkReturning,
  checkSet,
  checkUnlisted,
  columnsOf,
  target,
  touched,
} from "./writes.ts";

/** MERGE: every action needs what the same write alone would. @throws GuardDenied when the scope does not cover it */
export function checkMerge(
  merge: Fields,
  outer: Level | undefined,
  withs: Withs | undefined,
  walk: Walk,
): Output {
  const inner = checkWith(merge.withClause, outer, withs, walk);
  const { table, fields } = target(merge.relation, walk);
  const clauses = list(merge.mergeWhenClauses).map((clause) =>
    open("MergeWhenClause", as("MergeWhenClause", clause)),
  );
  const actions = clauses.map((clause) => actionOf(clause, table, walk));
  const grant = actions.find((action) => action.grant !== undefined)?.grant;
  if (grant === undefined) refuse("statements", "a MERGE that does nothing is not granted");
  const range = touched(fields, table, grant, walk);
  if (walk.scope.requireWhere && !table.isTemporary) checkMergePinned(merge, clauses, table, grant, range);
  const others = checkFrom([merge.sourceRelation], outer, inner, walk);
  walk.expression(merge.joinCondition, { ranges: [range, ...others], outer }, inner);
  for (const [index, clause] of clauses.entries()) {
    const action = actions[index];
    const level: Level = { ranges: visibleTo(clause, range, others), outer };
    if (clause.condition !== undefined) walk.expression(clause.condition, level, inner);
    if (action?.use === "insert") {
      if (
        list(clause.targetList).length === 0 &&
        list(clause.values).length > 0 &&
        columnsOf(grant, "insert") !== "all"
      )
        refuseMistake("columns", `an insert into ${shown(table.full)} must name its columns`);
      if (list(clause.targetList).length === 0) checkUnlisted(table, walk);
      for (const column of list(clause.targetList))
        checkAssigned(column, columnsOf(grant, "insert"), "insert", table, level, inner, walk);
      for (const value of list(clause.values)) walk.expression(value, level, inner);
    } else {
      if (list(clause.values).length > 0) refuse("grammar", "this MERGE action is not understood");
      for (const item of list(clause.targetList))
        checkSet(item, columnsOf(grant, "update"), table, level, inner, walk);
    }
  }
  return checkReturning(merge.returningClause, range, others, outer, inner, walk);
}

/** Only rows that the condition finds are changed, unless an action is for those that it does not find. */
function checkMergePinned(
  merge: Fields,
  clauses: readonly Fields[],
  table: TableName,
  { keys }: TableGrant,
  target: Range,
): void {
  const pinning: Pinning = { keys, target, joined: true, values: valueItems([merge.sourceRelation]) };
  const isOfOthers = clauses.some(({ matchKind }) => matchKind === "MERGE_WHEN_NOT_MATCHED_BY_SOURCE");
  if (isOfOthers || !isPinned(merge.joinCondition, pinning))
    refuse(
      "require_where",
      `MERGE into ${shown(table.full)} must select rows by ${[...keys].join(" or ")}`,
      "use VALUES, and compare the key with a column of them in ON",
    );
}

/** What an action of MERGE sees: a row that has no match on the other side has nothing of it (setNamespaceForMergeWhen). */
function visibleTo(clause: Fields, target: Range, source: readonly Range[]): readonly Range[] {
  switch (text(clause.matchKind)) {
    case "MERGE_WHEN_MATCHED":
      return [target, ...source];
    case "MERGE_WHEN_NOT_MATCHED_BY_SOURCE":
      return [target];
    case "MERGE_WHEN_NOT_MATCHED_BY_TARGET":
      return source;
    default:
      return refuse("grammar", "this MERGE action is not understood");
  }
}

function actionOf(
  clause: Fields,
  table: TableName,
  walk: Walk,
): { readonly use?: "insert" | "update" | "delete"; readonly grant?: TableGrant } {
  const use = mergeActions.get(text(clause.commandType));
  if (use === undefined) refuse("grammar", "this MERGE action is not understood");
  if (use === "nothing") return {};
  return { use, grant: grantFor(table, use, use, walk.scope) };
}

const mergeActions: ReadonlyMap<string, "insert" | "update" | "delete" | "nothing"> = new Map([
  ["CMD_INSERT", "insert"],
  ["CMD_UPDATE", "update"],
  ["CMD_DELETE", "delete"],
  ["CMD_NOTHING", "nothing"],
] as const);
