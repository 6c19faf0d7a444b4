import { operators } from "./builtin.ts";
import type { Compiled } from "../compile.ts";
import { isAmong } from "../found/extensions.ts";
import { names, split } from "../syntax/nodes.ts";
import { refuse, refuseMistake, shown } from "../denied.ts";

/** @throws GuardDenied when the operator is neither one of pg_catalog nor of an extension that the scope lists */
export function checkOperator(value: unknown, scope: Compiled): void {
  const { schema, name } = split(names(value));
  if ((schema === undefined || schema === "pg_catalog") && operators.has(name)) {
    if (schema !== undefined || !scope.database.operators.has(name)) return;
    refuseMistake(
      "operators",
      `operator ${shown(name)} could mean one of the search path that is not granted`,
      `write OPERATOR(pg_catalog.${name})`,
    );
  }
  if (isAmong(scope.extensions.operators, schema, name)) return;
  refuse("operators", `operator ${shown(schema === undefined ? name : `${schema}.${name}`)} is not granted`);
}

/**
 * Operators that a construct of the grammar stands for are looked up by their bare names too (gram.y, makeSimpleA_Expr;
 * parse_clause.c, transformJoinUsingClause).
 * @param advice how to write it with an operator that is certain
 * @throws GuardDenied when the search path has one of them beside pg_catalog's
 */
export function checkImplied(
  construct: string,
  implied: readonly string[],
  advice: string,
  scope: Compiled,
): void {
  const name = implied.find((each) => scope.database.operators.has(each));
  if (name !== undefined)
    refuseMistake(
      "operators",
      `${construct} stands for operator ${shown(name)}, which could mean one of the search path that is not granted`,
      advice,
    );
}
