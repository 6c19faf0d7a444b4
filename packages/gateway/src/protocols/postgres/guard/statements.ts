import { spend, startBudget } from "./budget.ts";
import { checkType } from "./calls.ts";
import { checkCopy, checkServerCopy } from "./copy.ts";
import type { Compiled } from "./compile.ts";
import { checkExpression } from "./expressions.ts";
import type { Level } from "./naming.ts";
import { as, type Fields, kindOf, list, one, open, text } from "./nodes.ts";
import { checkSelect } from "./queries.ts";
import { refuse, refuseForever, shown } from "./refusal.ts";
import { checkModes, checkRead, checkSet } from "./settings.ts";
import type { Output, Walk, Withs } from "./walk.ts";
import { checkDelete, checkInsert, checkMerge, checkUpdate } from "./writes.ts";

/** How deep statements and expressions may stand in each other: far below where the stack ends. */
const deepest = 600;

/** Makes the walk for one scope. */
function walkFor(scope: Compiled): Walk {
  let depth = 0;
  const deeper = <T>(step: () => T): T => {
    if (depth >= deepest)
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
    expression: (node, level, withs) => deeper(() => checkExpression(node, level, withs, walk)),
    query: (node, outer, withs) => deeper(() => checkQuery(node, outer, withs, walk)),
    select: (fields, outer, withs) => deeper(() => checkSelect(fields, outer, withs, walk)),
  };
  return walk;
}

/** SELECT, INSERT, UPDATE, DELETE and MERGE, wherever they stand. */
function checkQuery(node: unknown, outer: Level | undefined, withs: Withs | undefined, walk: Walk): Output {
  const kind = kindOf(node);
  switch (kind) {
    case "SelectStmt":
      return checkSelect(one(node).fields, outer, withs, walk);
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
 * @throws Refusal when the scope does not cover it wholly
 */
export function checkStatement(node: unknown, scope: Compiled): void {
  startBudget();
  const walk = walkFor(scope);
  const nowhere: Level = { ranges: [], outer: undefined };
  const kind = kindOf(node);
  if (kind !== undefined && queries.has(kind)) {
    checkQuery(node, undefined, undefined, walk);
    return;
  }
  if (kind === "CopyStmt") checkServerCopy((node as Fields).CopyStmt);
  if (kind === undefined || !utilities.has(kind))
    refuseForever("statements", `${commandName(kind)} is not granted by any operation`);
  const { fields } = one(node);
  switch (kind) {
    case "CopyStmt":
      return checkCopy(fields, walk);
    case "ExplainStmt":
      return checkExplain(fields, walk);
    case "PrepareStmt":
      for (const type of list(fields.argtypes)) checkType(open("TypeName", as("TypeName", type)), scope);
      if (!queries.has(kindOf(fields.query) ?? ""))
        refuseForever("statements", "PREPARE of that is not granted by any operation");
      checkQuery(fields.query, undefined, undefined, walk);
      return;
    case "ExecuteStmt":
      for (const argument of list(fields.params)) walk.expression(argument, nowhere, undefined);
      return;
    case "DeclareCursorStmt":
      if (kindOf(fields.query) !== "SelectStmt")
        refuseForever("statements", "a cursor over that is not granted by any operation");
      checkQuery(fields.query, undefined, undefined, walk);
      return;
    case "TransactionStmt":
      return checkTransaction(fields, scope);
    case "VariableSetStmt":
      return checkSet(fields, scope.writes);
    case "VariableShowStmt":
      return checkRead(text(fields.name));
    default:
      // FETCH, MOVE, CLOSE, DEALLOCATE and UNLISTEN: they only use or drop what this session was permitted to make.
      return undefined;
  }
}

const utilities: ReadonlySet<string> = new Set([
  "CopyStmt",
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
]);

/** EXPLAIN needs what its statement needs, whether ANALYZE runs it or not. */
function checkExplain(explain: Fields, walk: Walk): void {
  for (const option of list(explain.options)) {
    const name = text(open("DefElem", as("DefElem", option)).defname);
    if (!explainOptions.has(name)) refuse("statements", `EXPLAIN's option ${shown(name)} is not granted`);
  }
  const kind = kindOf(explain.query);
  if (kind === "ExecuteStmt" || kind === "DeclareCursorStmt")
    return checkStatement(explain.query, walk.scope);
  if (kind === undefined || !queries.has(kind))
    refuseForever("statements", `EXPLAIN of ${commandName(kind)} is not granted by any operation`);
  checkQuery(explain.query, undefined, undefined, walk);
  const verbose = list(explain.options).some(
    (option) => text(open("DefElem", as("DefElem", option)).defname) === "verbose",
  );
  if (verbose && !walk.scope.catalog) checkNamesNone(explain.query, walk.scope, 0);
}

/** A verbose plan names all columns of a table that it scans: refused where only some are granted. */
function checkNamesNone(value: unknown, scope: Compiled, depth: number): void {
  spend(1);
  if (depth > 2000) refuse("limits", "the statement is nested too deeply to be judged");
  if (typeof value !== "object" || value === null) return;
  if ("relname" in value) {
    const schema = "schemaname" in value ? text(value.schemaname) : (scope.searchPath[0] ?? "");
    const full = `${schema}.${text(value.relname)}`;
    const grant = scope.tables.get(full);
    if (grant !== undefined && grant.select !== "all" && grant.touch !== "all")
      refuse(
        "columns",
        `EXPLAIN VERBOSE would name all columns of ${shown(full)}, of which only some are granted`,
        "leave VERBOSE out",
      );
  }
  for (const entry of Object.values(value)) checkNamesNone(entry, scope, depth + 1);
}

const transactionKinds: ReadonlySet<string> = new Set([
  "TRANS_STMT_BEGIN",
  "TRANS_STMT_START",
  "TRANS_STMT_COMMIT",
  "TRANS_STMT_ROLLBACK",
  "TRANS_STMT_SAVEPOINT",
  "TRANS_STMT_RELEASE",
  "TRANS_STMT_ROLLBACK_TO",
]);

function checkTransaction(fields: Fields, scope: Compiled): void {
  if (!transactionKinds.has(text(fields.kind)))
    refuseForever("statements", "two-phase commit is not granted by any operation");
  checkModes(fields.options, scope.writes);
}

/** A statement's command as people write it, for messages: `CreateStmt` gives CREATE. */
export function commandName(kind: string | undefined): string {
  if (kind === undefined) return "a statement that is not understood";
  const known = commands.get(kind);
  if (known !== undefined) return known;
  const words = shown(kind.replace(/Stmt$/u, "")).replaceAll(/(?<=[a-z])(?=[A-Z])/gu, " ");
  return words.toUpperCase();
}

const commands: ReadonlyMap<string, string> = new Map([
  ["AlterSystemStmt", "ALTER SYSTEM"],
  ["CallStmt", "CALL"],
  ["CheckPointStmt", "CHECKPOINT"],
  ["CommentStmt", "COMMENT"],
  ["CreateExtensionStmt", "CREATE EXTENSION"],
  ["CreateStmt", "CREATE TABLE"],
  ["CreateTableAsStmt", "CREATE TABLE AS"],
  ["DiscardStmt", "DISCARD"],
  ["DoStmt", "DO"],
  ["DropStmt", "DROP"],
  ["GrantRoleStmt", "GRANT"],
  ["GrantStmt", "GRANT or REVOKE"],
  ["IndexStmt", "CREATE INDEX"],
  ["ListenStmt", "LISTEN"],
  ["LoadStmt", "LOAD"],
  ["LockStmt", "LOCK TABLE"],
  ["NotifyStmt", "NOTIFY"],
  ["RefreshMatViewStmt", "REFRESH MATERIALIZED VIEW"],
  ["ReindexStmt", "REINDEX"],
  ["RuleStmt", "CREATE RULE"],
  ["TruncateStmt", "TRUNCATE"],
  ["VacuumStmt", "VACUUM or ANALYZE"],
  ["ViewStmt", "CREATE VIEW"],
]);
