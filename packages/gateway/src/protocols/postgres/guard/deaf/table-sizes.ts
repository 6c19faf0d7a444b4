import type { Compiled } from "../compile.ts";
import { isCatalogue } from "../names/catalogue.ts";
import type { TableName } from "../names/tables.ts";
import { exactly, short, type Size, type Sizes, stored } from "./size.ts";

const ofName: Size = exactly(1000);
/** What the catalogue holds: names, and few longer texts, none of which an agent writes. */
export const ofCatalogue: Sizes = () => ofName;

/** How long a table's columns are, as far as their types tell. */
export function tableSizes({ full, schema, isTemporary }: TableName, { database, tables }: Compiled): Sizes {
  if (isCatalogue(schema)) return ofCatalogue;
  const { shortColumns } = database;
  const arrays = database.arrays.get(full);
  // Of a temporary table nobody has said which are.
  const isSeen = !isTemporary && database.columns.has(full);
  return (column) => {
    if (column !== undefined && tables.has(full) && shortColumns.has(column)) return short;
    if (column === undefined || !isSeen) return { ...stored, isArray: "maybe" };
    return arrays?.has(column) === true ? { ...stored, isArray: "yes" } : stored;
  };
}
