import { sql } from "kysely";

/** PostgreSQL's clock, milliseconds since the epoch: the clocks of gateways may differ. */
export const storeNow = sql<number>`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`;
