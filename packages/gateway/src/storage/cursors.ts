import type { Kysely } from "kysely";
import type { CursorStore } from "../identity/system-log/cursor.ts";
import { plain } from "./rows.ts";
import type { Tables } from "./schema.ts";

/** How far something outside was read, by whom and what. */
export interface CursorTables {
  readonly mayfly_log_cursors: { readonly name: string; readonly value: string };
}

export async function addCursors(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("mayfly_log_cursors")
    .addColumn("name", "text", (c) => c.primaryKey())
    .addColumn("value", "text", (c) => c.notNull())
    .execute();
}

export function cursorStore(db: Kysely<Tables>): CursorStore {
  return {
    async read(name) {
      const row = await db
        .selectFrom("mayfly_log_cursors")
        .select("value")
        .where("name", "=", plain(name))
        .executeTakeFirst();
      return row?.value;
    },
    async keep(name, value) {
      await db
        .insertInto("mayfly_log_cursors")
        .values({ name: plain(name), value: plain(value) })
        .onConflict((conflict) =>
          conflict.column("name").doUpdateSet((row) => ({ value: row.ref("excluded.value") })),
        )
        .execute();
    },
  };
}
