import type { Compiled } from "../compile.ts";
import { checkNamesakes } from "../expressions/calls.ts";
import type { Level } from "../names/naming.ts";
import { grantFor, useTable } from "../names/tables.ts";
import { refuse, refuseForever, shown } from "../denied.ts";
import { as, type Fields, list, names, open, split, text } from "../syntax/nodes.ts";
import type { Walk } from "../syntax/walk.ts";
import { usesTemporary } from "../temporary/temporary.ts";
import type { StatementKind } from "../../scope.ts";

/** Statements that a scope grants by their kind, and by the names that it lists for it. */
export const commandKinds: ReadonlyMap<string, StatementKind> = new Map([
  ["CallStmt", "call"],
  ["ListenStmt", "listen"],
  ["NotifyStmt", "notify"],
  ["RefreshMatViewStmt", "refresh"],
  ["TruncateStmt", "truncate"],
]);

/** @throws GuardDenied when the scope does not cover the statement */
export function checkCommand(kind: StatementKind, fields: Fields, walk: Walk): void {
  const { scope } = walk;
  // A temporary table may be emptied without it.
  const isKindless = kind === "truncate" && usesTemporary(scope.temporary);
  if (!isKindless && !scope.statements.has(kind))
    refuse("statements", `${kind} is not granted: ${scope.name} grants ${scope.scope.statements.join(", ")}`);
  switch (kind) {
    case "call":
      return checkCallStatement(fields, walk);
    case "refresh":
      return checkRefresh(fields, walk);
    case "truncate":
      return checkTruncate(fields, walk);
    default:
      return checkChannel(text(fields.conditionname), kind, scope);
  }
}

/** CALL: the procedure and what its arguments compute. What it does inside is the operator's to know. */
function checkCallStatement(fields: Fields, walk: Walk): void {
  const { scope } = walk;
  const call = open("FuncCall", fields.funccall);
  const parts = names(call.funcname);
  const { schema, name } = split(parts);
  const full = `${schema ?? scope.searchPath[0] ?? ""}.${name}`;
  if (!scope.procedures.has(full))
    refuse(
      "functions",
      `procedure ${shown(full)} is not granted: ${scope.name} grants ${[...scope.procedures].map(shown).slice(0, 12).join(", ")}`,
    );
  if (schema === undefined) checkNamesakes(name, (each) => scope.procedures.has(each), scope);
  if (
    call.agg_filter !== undefined ||
    call.over !== undefined ||
    call.agg_star !== undefined ||
    call.agg_distinct !== undefined ||
    list(call.agg_order).length > 0
  )
    refuseForever("grammar", "this CALL is not understood, so it is denied");
  const nowhere: Level = { ranges: [], outer: undefined };
  for (const argument of list(call.args)) walk.expression(argument, nowhere, undefined);
}

/** TRUNCATE of tables that each grant it. CASCADE empties whatever refers to them too. */
function checkTruncate(fields: Fields, walk: Walk): void {
  if (text(fields.behavior) === "DROP_CASCADE")
    refuseForever(
      "statements",
      "TRUNCATE … CASCADE empties tables that are not named, so it is never granted",
      "name every table: TRUNCATE a, b",
    );
  for (const relation of list(fields.relations)) {
    const table = useTable(open("RangeVar", as("RangeVar", relation)), walk);
    grantFor(table, "truncate", "truncate", walk.scope);
  }
}

/** REFRESH MATERIALIZED VIEW; without data nobody could read it any more. */
function checkRefresh(fields: Fields, walk: Walk): void {
  if (fields.skipData === true)
    refuseForever("statements", "REFRESH … WITH NO DATA makes a view unreadable, so it is never granted");
  const table = useTable(open("RangeVar", fields.relation), walk);
  grantFor(table, "refresh", "refresh", walk.scope);
}

function checkChannel(name: string, kind: StatementKind, scope: Compiled): void {
  if (scope.channels.has(name)) return;
  refuse(
    "tables",
    `${kind} on channel ${shown(name)} is not granted: ${scope.name} grants ${[...scope.channels].map(shown).slice(0, 12).join(", ")}`,
  );
}
