import { notePrepared } from "../deaf/deaf.ts";
import type { Work } from "../work.ts";
import { checkType } from "../expressions/calls.ts";
import { commandName } from "./command-names.ts";
import { checkCommand, commandKinds } from "./commands.ts";
import { checkCopy, checkServerCopy } from "./copy.ts";
import { checkPlainPlan, checkWholePlan, checkPlan } from "./plan.ts";
import type { Compiled } from "../compile.ts";
import { checkDirectly, checkExpression } from "../expressions/expressions.ts";
import type { Level } from "../names/naming.ts";
import { as, type Fields, kindOf, list, one, open, text } from "../syntax/nodes.ts";
import { checkSelect } from "./queries.ts";
import { refuse, refuseForever, shown, refuseMistake } from "../denied.ts";
import { checkRead, checkSet } from "./settings.ts";
import { checkLock } from "./lock.ts";
import { checkTransaction } from "./transactions.ts";
import { checkTemporary } from "../temporary/statements.ts";
import { Changes } from "../structure/changes.ts";
import { showsEveryRow } from "../structure/structure.ts";
import type { Output, Walk, Withs } from "../syntax/walk.ts";
import { checkMerge } from "./merge.ts";
import { checkDelete, checkInsert, checkUpdate } from "./writes.ts";

/** How deep statements and expressions may stand in each other: far below where the stack ends. */
const MAX_DEPTH = 600;

/** Makes the walk for one scope. */
function walkFor(scope: Compiled, work: Work, changes: Changes): Walk {
  let depth = 0;
  const deeper = <T>(step: () => T): T => {
    if (depth >= MAX_DEPTH)
      refuse("limits", "the statement is nested too deeply to be judged", "write it with less nesting");
    depth += 1;
    try {
      return step();
    } finally {
      depth -= 1;
    }
  };
  const walk: Walk = {
    scope,
    work,
    changes,
    typed: new WeakSet(),
    outputs: new WeakMap(),
    expression: (node, level, withs) => deeper(() => checkExpression(node, level, withs, walk)),
    directly: (node, level, withs) => deeper(() => checkDirectly(node, level, withs, walk)),
    query: (node, outer, withs) => deeper(() => checkQuery(node, outer, withs, walk)),
    select: (fields, outer, withs) => deeper(() => checkSelect(fields, outer, withs, walk)),
  };
  return walk;
}

/** SELECT, INSERT, UPDATE, DELETE and MERGE, wherever they stand. */
function checkQuery(
  node: unknown,
  outer: Level | undefined,
  withs: Withs | undefined,
  walk: Walk,
  isStatement = false,
): Output {
  const kind = kindOf(node);
  switch (kind) {
    case "SelectStmt":
      return checkSelect(one(node).fields, outer, withs, walk, isStatement);
    case "InsertStmt":
      return checkInsert(one(node).fields, outer, withs, walk);
    case "UpdateStmt":
      return checkUpdate(one(node).fields, outer, withs, walk);
    case "DeleteStmt":
      return checkDelete(one(node).fields, outer, withs, walk);
    case "MergeStmt":
      return checkMerge(one(node).fields, outer, withs, walk);
    default:
      return refuseForever("statements", `${commandName(kind)} is not granted by any operation`);
  }
}

/** What PREPARE, EXPLAIN and DECLARE may hold. */
const queries: ReadonlySet<string> = new Set([
  "SelectStmt",
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
]);

const explainOptions: ReadonlySet<string> = new Set([
  "analyze",
  "verbose",
  "costs",
  "generic_plan",
  "buffers",
  "serialize",
  "wal",
  "timing",
  "summary",
  "memory",
  "format",
]);

/**
 * Judges one statement against one scope.
 * @param work what judging its text has cost so far
 * @returns what has to be changed in it before it may go on
 * @throws GuardDenied when the scope does not cover it wholly
 */
export function checkStatement(node: unknown, scope: Compiled, work: Work): Changes {
  work.startStatement();
  const changes = new Changes(node);
  checkOne(node, walkFor(scope, work, changes));
  changes.bounds = changes.compared.bounds();
  return changes;
}

function checkOne(node: unknown, walk: Walk): void {
  const { scope, work } = walk;
  const nowhere: Level = { ranges: [], outer: undefined };
  const kind = kindOf(node);
  if (scope.database.isUnknown && !nameless.has(kind ?? ""))
    refuseMistake(
      "limits",
      "the database did not say what its search path holds, so that no name is certain",
      "connect again in a moment",
    );
  if (kind !== undefined && queries.has(kind)) {
    walk.changes.takesMasks = kind === "SelectStmt";
    checkQuery(node, undefined, undefined, walk, true);
    return;
  }
  if (checkTemporary(node, walk)) return;
  const command = commandKinds.get(kind ?? "");
  if (command !== undefined) return checkCommand(command, one(node).fields, walk);
  if (kind === "CopyStmt") checkServerCopy((node as Fields).CopyStmt);
  if (kind === undefined || !utilities.has(kind))
    refuseForever("statements", `${commandName(kind)} is not granted by any operation`);
  const { fields } = one(node);
  switch (kind) {
    case "CopyStmt":
      return checkCopy(fields, walk);
    case "LockStmt":
      return checkLock(fields, walk);
    case "ExplainStmt":
      return checkExplain(fields, walk);
    case "PrepareStmt":
      for (const type of list(fields.argtypes)) checkType(open("TypeName", as("TypeName", type)), scope);
      if (!queries.has(kindOf(fields.query) ?? ""))
        refuseForever("statements", "PREPARE of that is not granted by any operation");
      checkQuery(fields.query, undefined, undefined, walk, true);
      return notePrepared(fields.argtypes, walk);
    case "ExecuteStmt":
      for (const argument of list(fields.params)) walk.expression(argument, nowhere, undefined);
      return;
    case "DeclareCursorStmt":
      if (kindOf(fields.query) !== "SelectStmt")
        refuseForever("statements", "a cursor over that is not granted by any operation");
      checkQuery(fields.query, undefined, undefined, walk, true);
      return;
    case "TransactionStmt":
      return checkTransaction(fields, scope, work);
    case "VariableSetStmt":
      return checkSet(fields, scope, work);
    case "VariableShowStmt":
      return checkRead(text(fields.name), scope);
    default:
      // FETCH, MOVE, CLOSE, DEALLOCATE, DISCARD, UNLISTEN: they use or drop what this session may have, or reset it.
      return undefined;
  }
}

/** Statements in which no name of the database stands. */
const nameless: ReadonlySet<string> = new Set([
  "ClosePortalStmt",
  "DeallocateStmt",
  "TransactionStmt",
  "UnlistenStmt",
  "VariableSetStmt",
  "VariableShowStmt",
  "DiscardStmt",
]);

const utilities: ReadonlySet<string> = new Set([
  "CopyStmt",
  "LockStmt",
  "ExplainStmt",
  "PrepareStmt",
  "ExecuteStmt",
  "DeallocateStmt",
  "DeclareCursorStmt",
  "FetchStmt",
  "ClosePortalStmt",
  "TransactionStmt",
  "VariableSetStmt",
  "VariableShowStmt",
  "UnlistenStmt",
  "DiscardStmt",
]);

/**
 * EXPLAIN needs what its statement needs, whether ANALYZE runs it or not. A plan tells tables, indexes and conditions:
 * those of the statement itself, and those of views and policies: of a table that has any, it is refused.
 */
function checkExplain(explain: Fields, walk: Walk): void {
  const options = list(explain.options).map((option) => text(open("DefElem", as("DefElem", option)).defname));
  const strange = options.find((name) => !explainOptions.has(name));
  if (strange !== undefined) refuse("statements", `EXPLAIN's option ${shown(strange)} is not granted`);
  const kind = kindOf(explain.query);
  const { scope } = walk;
  if (kind === "ExecuteStmt" || kind === "DeclareCursorStmt") checkOne(explain.query, walk);
  else if (kind === undefined || !queries.has(kind))
    refuseForever("statements", `EXPLAIN of ${commandName(kind)} is not granted by any operation`);
  else checkQuery(explain.query, undefined, undefined, walk);
  if (scope.database.hidesPlans) checkPlainPlan(kind === "ExecuteStmt", walk);
  checkWholePlan(kind === "ExecuteStmt", walk);
  // The catalogue tells all that a plan does.
  const { items, values } = walk.changes;
  if (scope.catalog && values.size === 0 && [...items.values()].every(showsEveryRow)) return;
  if (
    walk.changes.asksCatalogue ||
    (scope.structure !== undefined && kind === "ExecuteStmt" && isOn(explain, "analyze"))
  )
    refuse(
      "catalog",
      "a plan would tell how much of the catalogue is not shown",
      kind === "ExecuteStmt" ? "explain the statement itself, or leave ANALYZE out" : "leave EXPLAIN out",
    );
  const verbose = isOn(explain, "verbose");
  const analyze = isOn(explain, "analyze");
  // Another operation of the grant may have permitted what was prepared.
  if ((verbose || analyze) && kind === "ExecuteStmt")
    refuse(
      "columns",
      "EXPLAIN VERBOSE or ANALYZE of a prepared statement may name what is not granted",
      "leave these options out, or explain the statement itself",
    );
  checkPlan(explain.query, walk, { verbose, analyze }, 0);
}

/** Whether an option of EXPLAIN is on, as far as can be told: the last one of a name counts (explain.c, defGetBoolean). */
function isOn(explain: Fields, name: string): boolean {
  return list(explain.options).some((option) => {
    const { defname, arg } = open("DefElem", as("DefElem", option));
    const word = as("String", arg);
    return text(defname) === name && !(word !== undefined && /^(?:false|off)$/iu.test(text(word.sval)));
  });
}
