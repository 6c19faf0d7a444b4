import type { StatementKind } from "../../scope.ts";
import type { Compiled } from "../compile.ts";
import { refuse, shown } from "../denied.ts";
import type { TableName } from "./tables.ts";

/** @throws GuardDenied always: the statement's kind is not granted on that table */
export function notGranted(kind: StatementKind, table: TableName, scope: Compiled): never {
  return refuse(
    "statements",
    `${kind} on ${shown(table.full)} is not granted: ${scope.name} grants ${kindsOn(table, scope)}`,
  );
}

/** @throws GuardDenied always: the scope has no entry for the table */
export function notListed(table: TableName, scope: Compiled): never {
  const granted = [...scope.tables.keys()].map(shown).slice(0, 12).join(", ");
  return refuse(
    "tables",
    `table ${shown(table.full)} is not granted: ${scope.name} grants ${granted === "" ? "no table" : granted}`,
    otherSchema(table, scope),
  );
}

function otherSchema(table: TableName, scope: Compiled): string | undefined {
  const same = [...scope.tables.keys()].find((full) => full.slice(full.indexOf(".") + 1) === table.name);
  return same === undefined ? undefined : `write ${shown(same)} if that is meant`;
}

/** The kinds of statements that the operation grants on a table, in words; on one that it does not name: at all. */
function kindsOn(table: TableName, { scope, tables }: Compiled): string {
  const grant = tables.get(table.full);
  if (grant === undefined) return scope.statements.join(", ");
  const kinds = scope.statements.filter((kind) => {
    const use = usedBy.get(kind);
    return use !== undefined && grant[use] !== undefined && grant[use] !== false;
  });
  if (kinds.length === scope.statements.length) return kinds.join(", ");
  return kinds.length === 0 ? "nothing on it" : `${kinds.join(", ")} on it`;
}

/** What of a table's entry each kind of statement needs. */
const usedBy: ReadonlyMap<StatementKind, "select" | "insert" | "update" | "delete" | "truncate" | "refresh"> =
  new Map([
    ["select", "select"],
    ["copy_to", "select"],
    ["insert", "insert"],
    ["copy_from", "insert"],
    ["update", "update"],
    ["delete", "delete"],
    ["truncate", "truncate"],
    ["refresh", "refresh"],
  ]);
