import type { Compiled } from "../compile.ts";
import { refuseForever } from "../denied.ts";
import { type Fields, text } from "../syntax/nodes.ts";
import type { Work } from "../work.ts";
import { checkModes } from "./settings.ts";

const transactionKinds: ReadonlySet<string> = new Set([
  "TRANS_STMT_BEGIN",
  "TRANS_STMT_START",
  "TRANS_STMT_COMMIT",
  "TRANS_STMT_ROLLBACK",
  "TRANS_STMT_SAVEPOINT",
  "TRANS_STMT_RELEASE",
  "TRANS_STMT_ROLLBACK_TO",
]);

/** Transactions and savepoints, with the modes of a transaction. @throws GuardDenied on two-phase commit */
export function checkTransaction(fields: Fields, scope: Compiled, work: Work): void {
  if (!transactionKinds.has(text(fields.kind)))
    refuseForever("statements", "two-phase commit is not granted by any operation");
  checkModes(fields.options, scope.writes, work);
}
