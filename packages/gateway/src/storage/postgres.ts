import { Pool, types } from "pg";
import { PostgresDialect, type Dialect } from "kysely";

/** Milliseconds: no call to the store takes longer than about connect + statement. */
const bounds = { connect: 3000, statement: 5000, answer: 6000, lock: 4000 };

/** OID of int8. Every int8 of the schema is a time in milliseconds or a sequence number, far below 2^53. */
const int8 = 20;

/**
 * The dialect of a PostgreSQL store, with a pool of at most 10 connections and every wait bounded.
 * @param url with the credential in it; it appears in no error
 */
export function openPostgres(url: string): Dialect {
  const pool = new Pool({
    connectionString: url,
    max: 10,
    application_name: "mayflyd",
    connectionTimeoutMillis: bounds.connect,
    statement_timeout: bounds.statement,
    query_timeout: bounds.answer,
    lock_timeout: bounds.lock,
    idle_in_transaction_session_timeout: bounds.statement,
    keepAlive: true,
    types: {
      getTypeParser: ((oid: number, format?: "text" | "binary") =>
        oid === int8 && format !== "binary"
          ? Number
          : (types.getTypeParser as (oid: number, format?: string) => unknown)(oid, format)) as never,
    },
  });
  // An idle connection that breaks is only dropped from the pool; the next call opens another one or fails.
  pool.on("error", () => undefined);
  return new PostgresDialect({ pool });
}
