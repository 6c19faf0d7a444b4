import { maskedParts } from "../masks/method.ts";
import type { PostgresScope } from "../scope.ts";
import type { Columns, TableGrant } from "./compile.ts";
import type { DatabaseFacts } from "./database.ts";

/** A table's grant under the masks of its scope: no use has a masked column, and what would show one is marked. */
export function underMasks(
  table: string,
  grant: TableGrant,
  scope: PostgresScope,
  database: DatabaseFacts,
): TableGrant {
  return withShown(table, withoutMasked(grant, maskedOf(scope, table)), scope, database);
}

/** The columns of a table that the scope masks. */
function maskedOf({ mask }: PostgresScope, table: string): ReadonlySet<string> {
  return new Set(
    Object.keys(mask).flatMap((full) => {
      const { table: of, column } = maskedParts(full);
      return of === table ? [column] : [];
    }),
  );
}

/**
 * What shows a masked column's values under another name: a table of the same family that has the column, or a view that
 * reads one and is granted without a word about its columns.
 */
function withShown(
  table: string,
  grant: TableGrant,
  { mask }: PostgresScope,
  { masks }: DatabaseFacts,
): TableGrant {
  if (masks === undefined) return grant;
  const { touch, masked } = grant;
  const shows = Object.keys(mask).find((full) => {
    const { column } = maskedParts(full);
    const found = masks.get(full);
    if (found?.kin.includes(table) === true) return touch === "all" || touch.has(column);
    return found?.views.includes(table) === true && touch === "all" && masked.size === 0;
  });
  return shows === undefined ? grant : { ...grant, shows };
}

function withoutMasked(grant: TableGrant, masked: ReadonlySet<string>): TableGrant {
  if (masked.size === 0) return grant;
  // `checkMasks` refuses a mask where all columns may be used, or written; nothing is wider for having come past that.
  const rest = (columns: Columns): ReadonlySet<string> =>
    without(columns === "all" ? new Set() : columns, masked);
  const { select, insert, update, touch, assumed, keys } = grant;
  return {
    ...grant,
    ...(select === undefined ? {} : { select: rest(select) }),
    ...(insert === undefined ? {} : { insert: rest(insert) }),
    ...(update === undefined ? {} : { update: rest(update) }),
    touch: rest(touch),
    assumed: without(assumed, masked),
    keys: without(keys, masked),
    masked,
  };
}

/** Of columns those that are not listed. */
export function without(columns: ReadonlySet<string>, listed: Columns): ReadonlySet<string> {
  return listed === "all" ? new Set() : new Set([...columns].filter((column) => !listed.has(column)));
}
