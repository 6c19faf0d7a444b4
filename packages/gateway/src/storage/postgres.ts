import { DatabaseError, Pool, types, type PoolClient } from "pg";
import { PostgresDialect, type Dialect, type PostgresPool, type PostgresPoolClient } from "kysely";
import type { StoreChanges } from "./changes.ts";
import { connectionOf } from "./connection-of.ts";
import { postgresChanges } from "./listening.ts";

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

/** A PostgreSQL store: its dialect for Kysely, and what other gateways change in it. */
export interface OpenedPostgres {
  readonly dialect: Dialect;
  /** Makes a dialect for bringing the tables up to date: an index over a large table takes its time. */
  readonly migrating: () => Dialect;
  readonly changes: StoreChanges;
}

/** How long one step of a migration may take, milliseconds. */
const MIGRATION_STEP_MS = 3_600_000;

/**
 * Opens a PostgreSQL store, with a pool of at most 10 connections and every wait bounded.
 * @param url with the credential in it; it appears in no error
 */
export function openPostgres(url: string, bounds: Bounds = usual): OpenedPostgres {
  const { dialect, config, processes } = openPool(url, bounds, 10);
  return {
    dialect,
    // A lock is waited for no longer than else: whoever waits for one keeps others from the table.
    migrating: () =>
      openPool(url, { ...bounds, statement: MIGRATION_STEP_MS, answer: MIGRATION_STEP_MS + 1000 }, 2).dialect,
    changes: postgresChanges(config, (id) => [...processes.values()].includes(id)),
  };
}

/** @param max connections */
function openPool(url: string, bounds: Bounds, max: number) {
  const config = {
    ...connectionOf(url),
    application_name: "mayflyd",
    connectionTimeoutMillis: bounds.connect,
    statement_timeout: bounds.statement,
    query_timeout: bounds.answer,
    lock_timeout: bounds.lock,
    idle_in_transaction_session_timeout: bounds.statement,
    keepAlive: true,
  };
  const pool = new Pool({
    ...config,
    max,
    // Every int8 of the schema is a time in milliseconds or a sequence number, far below 2^53.
    types: {
      getTypeParser: (oid, format) =>
        oid === types.builtins.INT8 && format !== "binary" ? Number : types.getTypeParser(oid, format),
    },
  });
  // An idle connection that breaks is only dropped from the pool; the next call opens another one or fails.
  pool.on("error", () => undefined);
  // The pool does not listen to a connection that is in use: one that the server closes there fails its call, and
  // must not end the process as an error that nobody handles.
  /** The server's processes that serve the pool's connections. */
  const processes = new Map<PoolClient, number>();
  pool.on("connect", (client) => {
    client.on("error", () => undefined);
    processes.set(client, processOf(client));
  });
  pool.on("remove", (client) => processes.delete(client));
  const guardedPool: PostgresPool = {
    options: pool.options,
    connect: async () => guarded(await pool.connect()),
    end: () => pool.end(),
  };
  return { dialect: new PostgresDialect({ pool: guardedPool }), config, processes };
}

/** The server's process of a connection, as BackendKeyData says it; pg's types leave it out. */
function processOf(client: PoolClient): number {
  const { processID } = client as PoolClient & { readonly processID?: unknown };
  return typeof processID === "number" ? processID : -1;
}
