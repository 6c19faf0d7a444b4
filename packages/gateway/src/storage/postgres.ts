import { DatabaseError, Pool, types, type PoolClient } from "pg";
import { PostgresDialect, type Dialect, type PostgresPool, type PostgresPoolClient } from "kysely";

/** Milliseconds that each part of a call may take. */
export interface Bounds {
  readonly connect: number;
  /** Enforced by the server. */
  readonly statement: number;
  /** Waiting for the server's answer, in case it cannot be heard any more. */
  readonly answer: number;
  readonly lock: number;
}

const usual: Bounds = { connect: 3000, statement: 5000, answer: 6000, lock: 4000 };

/** OID of int8. Every int8 of the schema is a time in milliseconds or a sequence number, far below 2^53. */
const int8 = 20;

/**
 * A connection that is given up once it failed other than by the server's word: what it still has under way, perhaps
 * an open transaction, must not meet the next user.
 */
function guarded(client: PoolClient): PostgresPoolClient {
  let broken = false;
  const query = async (text: string, parameters: readonly unknown[]): Promise<unknown> => {
    if (broken) throw new Error("the connection to the store is broken");
    try {
      return await client.query(text, [...parameters]);
    } catch (error) {
      if (!(error instanceof DatabaseError)) broken = true;
      throw error;
    }
  };
  return {
    query: query as PostgresPoolClient["query"],
    release: (destroy) => client.release(broken || destroy === true),
  };
}

/**
 * The dialect of a PostgreSQL store, with a pool of at most 10 connections and every wait bounded.
 * @param url with the credential in it; it appears in no error
 */
export function openPostgres(url: string, bounds: Bounds = usual): Dialect {
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
  // The pool does not listen to a connection that is in use: one that the server closes there fails its call, and
  // must not end the process as an error that nobody handles.
  pool.on("connect", (client) => client.on("error", () => undefined));
  const guardedPool: PostgresPool = {
    options: pool.options,
    connect: async () => guarded(await pool.connect()),
    end: () => pool.end(),
  };
  return new PostgresDialect({ pool: guardedPool });
}
