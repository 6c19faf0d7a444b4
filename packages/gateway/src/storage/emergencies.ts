import { sql, type Kysely, type RawBuilder } from "kysely";
import type { Emergencies } from "../grants/types.ts";

/** Stands in the facts of every request that asked to break glass, and of no other. */
export const BREAK_GLASS_MARK = '"breakGlass":true';

/**
 * Whether a row of requests took access by breaking glass. Its facts are one JSON text, in which quotes inside a string are
 * escaped: no reason can be written so that it reads like this. Without parameters, so that the index below fits it.
 */
function tookAccess(kind: "sqlite" | "postgres"): RawBuilder<boolean> {
  const marked =
    kind === "sqlite"
      ? sql`instr(body, ${sql.lit(BREAK_GLASS_MARK)}) > 0`
      : sql`strpos(body, ${sql.lit(BREAK_GLASS_MARK)}) > 0`;
  return sql<boolean>`grant_id is not null and ${marked}`;
}

/** Finds the few emergencies among all requests, newest first; also those that a gateway of an older version stores. */
export async function addEmergencies(db: Kysely<unknown>, kind: "sqlite" | "postgres"): Promise<void> {
  await sql`create index mayfly_requests_emergencies on mayfly_requests (position) where ${tookAccess(kind)}`.execute(
    db,
  );
}

/** The condition on requests of a list of emergencies. */
export function areEmergencies(kind: "sqlite" | "postgres", which: Emergencies): RawBuilder<boolean> {
  const took = tookAccess(kind);
  if (which === "any") return took;
  const review = sql`select 1 from mayfly_reviews where mayfly_reviews.request = mayfly_requests.id`;
  return which === "reviewed"
    ? sql<boolean>`${took} and exists (${review})`
    : sql<boolean>`${took} and not exists (${review})`;
}
