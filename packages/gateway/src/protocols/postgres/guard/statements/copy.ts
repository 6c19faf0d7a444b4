import type { Columns } from "../compile.ts";
import type { Level } from "../names/naming.ts";
import { as, constant, type Fields, kindOf, list, names, open, text } from "../syntax/nodes.ts";
import { refuse, refuseForever, refuseMistake, shown } from "../denied.ts";
import { notGranted } from "../names/not-granted.ts";
import { checkTarget, grantFor, tableRange, useTable } from "../names/tables.ts";
import type { Work } from "../work.ts";
import type { Walk } from "../syntax/walk.ts";
import { checkUnlisted } from "./writes.ts";

/** Options of COPY that say how rows are written; no others are granted. */
const options: ReadonlySet<string> = new Set([
  "format",
  "delimiter",
  "null",
  "default",
  "header",
  "quote",
  "escape",
  "force_quote",
  "force_not_null",
  "force_null",
  "encoding",
  "on_error",
  "reject_limit",
  "log_verbosity",
]);

/** COPY to and from the client. Files and programs of the server are never granted. @throws GuardDenied */
export function checkCopy(copy: Fields, walk: Walk): void {
  for (const option of list(copy.options)) {
    const element = open("DefElem", as("DefElem", option));
    const name = text(element.defname);
    if (!options.has(name)) refuseForever("statements", `COPY's option ${shown(name)} is never granted`);
    if (name === "encoding" && !/^utf-?8$/iu.test(optionText(element.arg, walk.work)))
      refuseMistake("settings", "COPY is granted in UTF8 only");
    if (name.startsWith("force_") && kindOf(element.arg) === "List")
      names(open("List", as("List", element.arg)).items);
  }
  if (copy.query !== undefined) {
    if (copy.is_from === true || copy.relation !== undefined)
      refuse("grammar", "this COPY is not understood");
    if (!walk.scope.statements.has("copy_to"))
      refuse(
        "statements",
        `copy_to is not granted: ${walk.scope.name} grants ${walk.scope.scope.statements.join(", ")}`,
      );
    walk.query(copy.query, undefined, undefined);
    return;
  }
  const relation = open("RangeVar", copy.relation);
  const table = useTable(relation, walk);
  const from = copy.is_from === true;
  const kind = from ? "copy_from" : "copy_to";
  const use = from ? "insert" : "select";
  const grant = grantFor(table, kind, use, walk.scope);
  const columns: Columns = grant[use] ?? notGranted(kind, table, walk.scope);
  const listed = names(copy.attlist);
  if (listed.length === 0 && columns !== "all")
    refuseMistake(
      "columns",
      `COPY of ${shown(table.full)} must list its columns: ${[...columns].join(", ")} are granted`,
    );
  if (from && listed.length === 0) checkUnlisted(table, walk);
  for (const column of listed) checkTarget(column, columns, "copy", table, walk.scope);
  if (copy.whereClause !== undefined) {
    const level: Level = { ranges: [tableRange(relation, table, columns, walk.scope)], outer: undefined };
    walk.expression(copy.whereClause, level, undefined);
  }
}

function optionText(value: unknown, work: Work): string {
  const plain = as("String", value);
  return plain === undefined ? (constant(value, work) ?? "") : text(plain.sval);
}

/** COPY's forms that the parse tree tells by members the guard does not handle, named for the reader. */
export function checkServerCopy(copy: unknown): void {
  if (typeof copy !== "object" || copy === null) return;
  if ("is_program" in copy)
    refuseForever("statements", "COPY with a program of the server is never granted", "use COPY … TO STDOUT");
  if ("filename" in copy)
    refuseForever("statements", "COPY with a file of the server is never granted", "use COPY … TO STDOUT");
}
