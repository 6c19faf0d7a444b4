import type { Insertable, Kysely } from "kysely";
import type { Review } from "../grants/types.ts";
import { plain } from "./rows.ts";

/** What people found who reviewed emergencies afterwards. */
export interface ReviewTables {
  readonly mayfly_reviews: {
    readonly request: string;
    readonly issuer: string;
    readonly subject: string;
    readonly given_at: number;
    readonly body: string;
  };
}

/** Adds it. */
export async function addReviews(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("mayfly_reviews")
    // They go with it: a gateway of an older version forgets requests, and knows of no reviews.
    .addColumn("request", "text", (c) => c.notNull().references("mayfly_requests.id").onDelete("cascade"))
    .addColumn("issuer", "text", (c) => c.notNull())
    .addColumn("subject", "text", (c) => c.notNull())
    .addColumn("given_at", "bigint", (c) => c.notNull())
    .addColumn("body", "text", (c) => c.notNull())
    // One person reviews once.
    .addPrimaryKeyConstraint("mayfly_reviews_once", ["request", "issuer", "subject"])
    .execute();
}

/** A review as a row. */
export function reviewRow(request: string, review: Review): Insertable<ReviewTables["mayfly_reviews"]> {
  return {
    request,
    issuer: plain(review.reviewer.issuer),
    subject: plain(review.reviewer.subject),
    given_at: review.at,
    body: JSON.stringify(review),
  };
}
