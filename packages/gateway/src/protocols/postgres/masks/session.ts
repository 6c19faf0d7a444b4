import type { NamedScope } from "../../../gate/protocol.ts";
import type { PostgresScope } from "../scope.ts";
import type { MaskedColumn } from "./column.ts";
import type { MaskedField } from "./rows.ts";

/** By an operation's name, its masked columns by where the database has them: `relation * 65536 + attnum`. */
export type Masks = ReadonlyMap<string, ReadonlyMap<number, MaskedField>>;

/**
 * What a session masks.
 * @param columns as the database has them
 * @returns undefined where nothing is masked
 */
export function masksFor(
  scopes: readonly NamedScope<PostgresScope>[],
  columns: ReadonlyMap<string, MaskedColumn> | undefined,
): Masks | undefined {
  if (columns === undefined) return undefined;
  return new Map(
    scopes.map(({ name, scope }) => [
      name,
      new Map(
        Object.entries(scope.mask).flatMap(([full, method]) => {
          const column = columns.get(full);
          if (column === undefined) return [];
          return [[column.relation * 0x10000 + column.attnum, { full, method, column }] as const];
        }),
      ),
    ]),
  );
}
