import type { Compiled } from "../compile.ts";
import { isCatalogue } from "../names/catalogue.ts";
import type { Level } from "../names/naming.ts";
import type { TableName } from "../names/tables.ts";
import { exactly, short, type Size, type Sizes, stored } from "./size.ts";

const ofName: Size = exactly(1000);
/** What the catalogue holds: names, and few longer texts, none of which an agent writes. */
export const ofCatalogue: Sizes = () => ofName;

/** How many rows of the catalogue one value is taken to be made of: `ARRAY(SELECT …)` as psql asks for dictionaries. */
export const CATALOGUE_ROWS = 10_000;

/** Whether the rows at a level are those of one relation of the catalogue, so that no join makes them many. */
export function isOfCatalogue({ ranges: [first, ...more] }: Level): boolean {
  return first?.sizes === ofCatalogue && more.length === 0;
}

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
