import { isCatalogue } from "../names/catalogue.ts";
import { grantFor, useTable } from "../names/tables.ts";
import { refuse, refuseForever } from "../denied.ts";
import { as, type Fields, list, open } from "../syntax/nodes.ts";
import type { Walk } from "../syntax/walk.ts";

/** ACCESS SHARE (storage/lockdefs.h): what every SELECT takes, and no more is in the way of others. */
const ACCESS_SHARE = 1;

/** LOCK TABLE, as weakly as reading locks: pg_dump keeps a table's structure still by it. @throws GuardDenied */
export function checkLock(fields: Fields, walk: Walk): void {
  if (fields.mode !== ACCESS_SHARE)
    refuseForever(
      "statements",
      "LOCK TABLE is permitted IN ACCESS SHARE MODE only",
      "write IN ACCESS SHARE MODE",
    );
  for (const relation of list(fields.relations)) {
    const table = useTable(open("RangeVar", as("RangeVar", relation)), walk);
    if (isCatalogue(table.schema)) refuse("catalog", "a lock of the catalogue is never granted");
    grantFor(table, "select", "select", walk.scope);
  }
}
