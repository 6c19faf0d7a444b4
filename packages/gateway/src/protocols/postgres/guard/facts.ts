import { parse } from "./syntax/grammar.ts";
import { type Fields, kindOf, list, open, text } from "./syntax/nodes.ts";
import { commandName } from "./statements/command-names.ts";

/** What the wire part needs to know of one statement, without judging it. */
export interface StatementFacts {
  /** The command in words, for records: `SelectStmt` gives SELECT. */
  readonly command: string;
  /** The name that PREPARE gives; Bind and EXECUTE share it. */
  readonly prepares?: string;
  /** The name that EXECUTE runs, also under EXPLAIN. */
  readonly executes?: string;
  /** The name of the cursor that DECLARE makes; cursors and portals share it. */
  readonly declares?: string;
  /** What DEALLOCATE drops: a name, or all. */
  readonly deallocates?: { readonly name: string } | { readonly all: true };
  readonly transaction?: "begin" | "commit" | "rollback" | "savepoint" | "release" | "rollback_to";
  /** AND CHAIN: a new transaction follows at once. */
  readonly chain?: boolean;
  /** Which way rows flow outside of results. */
  readonly copy?: "in" | "out";
  /** SET or RESET. A permitted set_config inside a SELECT is not told here. */
  readonly setsSession?: boolean;
  /** Whether it writes, or may: everything but what certainly only reads. */
  readonly writes: boolean;
}

/**
 * Tells what stands in a text, one entry a statement. For texts that were permitted; it judges nothing.
 * @throws GuardDenied when the text does not parse
 */
export function inspect(sql: string): readonly StatementFacts[] {
  return parse(sql).statements.map((statement) => factsOf(statement));
}

const reads: ReadonlySet<string> = new Set([
  "FetchStmt",
  "ClosePortalStmt",
  "DeallocateStmt",
  "VariableShowStmt",
  "VariableSetStmt",
  "TransactionStmt",
  "UnlistenStmt",
  "ListenStmt",
  "NotifyStmt",
  "LockStmt",
]);

function factsOf(statement: unknown): StatementFacts {
  const kind = kindOf(statement);
  const bare: unknown = kind === undefined ? undefined : (statement as Fields)[kind];
  const fields: Fields = typeof bare === "object" && bare !== null ? (bare as Fields) : {};
  const base = {
    command: commands.get(kind ?? "") ?? commandName(kind),
    writes: !(reads.has(kind ?? "") || onlyReads(statement)),
  };
  switch (kind) {
    case "PrepareStmt":
      return { ...base, prepares: text(fields.name) };
    case "DeclareCursorStmt":
      return { ...base, declares: text(fields.portalname) };
    case "ExecuteStmt":
      return { ...base, executes: text(fields.name) };
    case "ExplainStmt": {
      const inner = factsOf(fields.query);
      return {
        ...base,
        writes: inner.writes,
        ...(inner.executes === undefined ? {} : { executes: inner.executes }),
      };
    }
    case "DeallocateStmt":
      return { ...base, deallocates: fields.isall === true ? { all: true } : { name: text(fields.name) } };
    case "CopyStmt":
      return { ...base, copy: fields.is_from === true ? "in" : "out" };
    case "VariableSetStmt":
      return { ...base, setsSession: true };
    case "TransactionStmt": {
      const transaction = transactions.get(text(fields.kind));
      return {
        ...base,
        ...(transaction === undefined ? {} : { transaction }),
        ...(fields.chain === true ? { chain: true } : {}),
      };
    }
    default:
      return base;
  }
}

const commands: ReadonlyMap<string, string> = new Map([
  ["SelectStmt", "SELECT"],
  ["InsertStmt", "INSERT"],
  ["UpdateStmt", "UPDATE"],
  ["DeleteStmt", "DELETE"],
  ["MergeStmt", "MERGE"],
  ["VariableSetStmt", "SET"],
  ["VariableShowStmt", "SHOW"],
  ["TransactionStmt", "TRANSACTION"],
  ["DeclareCursorStmt", "DECLARE CURSOR"],
  ["ClosePortalStmt", "CLOSE"],
]);

const transactions: ReadonlyMap<string, StatementFacts["transaction"]> = new Map([
  ["TRANS_STMT_BEGIN", "begin"],
  ["TRANS_STMT_START", "begin"],
  ["TRANS_STMT_COMMIT", "commit"],
  ["TRANS_STMT_ROLLBACK", "rollback"],
  ["TRANS_STMT_SAVEPOINT", "savepoint"],
  ["TRANS_STMT_RELEASE", "release"],
  ["TRANS_STMT_ROLLBACK_TO", "rollback_to"],
] as const);

/** Whether a statement holds no write anywhere: no data-modifying node in a SELECT, PREPARE, cursor or COPY out. */
function onlyReads(statement: unknown): boolean {
  const kind = kindOf(statement);
  if (kind === "CopyStmt")
    return open("CopyStmt", (statement as Fields).CopyStmt).is_from !== true && !holdsWrite(statement, 0);
  if (kind !== "SelectStmt" && kind !== "PrepareStmt" && kind !== "DeclareCursorStmt") return false;
  return !holdsWrite(statement, 0);
}

function holdsWrite(value: unknown, depth: number): boolean {
  if (depth > 2000) return true;
  if (Array.isArray(value)) return list(value).some((entry) => holdsWrite(entry, depth + 1));
  if (typeof value !== "object" || value === null) return false;
  if (["InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "intoClause"].some((kind) => kind in value))
    return true;
  return Object.values(value).some((entry) => holdsWrite(entry, depth + 1));
}
