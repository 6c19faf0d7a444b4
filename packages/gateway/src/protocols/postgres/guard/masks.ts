import type { PostgresCover } from "../act.ts";
import type { Compiled } from "./compile.ts";
import type { Covering } from "./cover.ts";
import { kindOf } from "./syntax/nodes.ts";

/** Statements whose rows are those of another one, which another operation may cover. */
const others: ReadonlySet<string | undefined> = new Set(["FetchStmt", "ExecuteStmt"]);

/** Where an operation of the grant masks columns, what of each statement is masked; else undefined. */
export function masksOf(covering: readonly Covering[], scopes: readonly Compiled[]): PostgresCover["masks"] {
  if (scopes.every(({ scope }) => Object.keys(scope.mask).length === 0)) return undefined;
  return covering.map(({ scope, changes }) =>
    others.has(kindOf(changes.statement)) ? null : { operation: scope.name, outputs: changes.masked },
  );
}
