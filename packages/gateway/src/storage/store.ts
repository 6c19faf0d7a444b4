import { Kysely, sql } from "kysely";
import { Migrator } from "kysely/migration";
import type { AuditIndex } from "../audit/index-port.ts";
import type { KnownLogs } from "../audit/known-log.ts";
import type { GrantStore } from "../grants/grants.ts";
import type { GrantModel } from "../grants/states.ts";
import { MayflyError, messageOf } from "../kernel/errors.ts";
import type { NotificationStore } from "../notifications/store.ts";
import type { Secret } from "../kernel/secret.ts";
import type { BrowserSessionStore } from "../identity/browser-sessions/store.ts";
import { auditIndex } from "./audit-index.ts";
import { browserSessionStore } from "./browser-session-store.ts";
import { grantStore } from "./grant-store.ts";
import { knownLogs } from "./known-logs.ts";
import { notificationStore } from "./notification-store.ts";
import type { Bounds } from "./postgres.ts";
import { migrations, type Tables } from "./schema.ts";
import { openSqlite } from "./sqlite.ts";

/** Which store: the configuration's `store`. */
export type StoreLocation =
  | { readonly kind: "sqlite"; readonly file: string }
  | { readonly kind: "postgres"; readonly url: Secret };

/** What the database keeps for the rest of Mayfly. */
export interface Store {
  readonly grants: GrantStore;
  readonly browserSessions: BrowserSessionStore;
  readonly notifications: NotificationStore;
  /** The index of the log of that id (`OpenedAuditLog.id`); gateways that share a store have a log each. */
  index(log: string): AuditIndex;
  /** What is remembered of the logs, to be found again at the next start. */
  readonly logs: KnownLogs;
  /** Resolves when the store answers; rejects within seconds when it is away. */
  ping(): Promise<void>;
  /** Waits for what is under way, then lets go of the file or the connections. */
  close(): Promise<void>;
}

const migrationTable = "mayfly_migration";
const migrationLockTable = "mayfly_migration_lock";

/** Brings the tables up to date, under a lock, or says why that cannot be. */
async function migrate(db: Kysely<Tables>, kind: StoreLocation["kind"], model: GrantModel): Promise<void> {
  const provider = migrations(kind, model);
  const ours = Object.keys(await provider.getMigrations());
  const newer = async (): Promise<string | undefined> => {
    const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
    if (!tables.some((table) => table.name === migrationTable)) return undefined;
    const names = await sql<{
      name: string;
    }>`select name from ${sql.table(migrationTable)} order by name`.execute(db);
    return names.rows.map((row) => row.name).findLast((name) => !ours.includes(name));
  };
  const refuseNewer = (name: string): MayflyError =>
    new MayflyError(
      "store_newer",
      `the store was written by a newer Mayfly (it has ${name}, this one ends at ${ours.at(-1)})`,
      {
        status: 503,
        hint: "run the newer mayflyd, or give this one a store of its own",
      },
    );
  const before = await newer();
  if (before !== undefined) throw refuseNewer(before);
  const migrator = new Migrator({
    db,
    provider,
    migrationTableName: migrationTable,
    migrationLockTableName: migrationLockTable,
  });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  // A newer gateway may have migrated between the look and the lock.
  const since = await newer();
  if (since !== undefined) throw refuseNewer(since);
  throw new MayflyError(
    "store_refused",
    `the store's tables cannot be brought up to date: ${messageOf(error)}`,
    {
      status: 503,
      hint: "give Mayfly a database of its own, and a user that may create tables in it",
      cause: error,
    },
  );
}

/**
 * Opens the store: makes it where it does not exist, and brings its tables up to date.
 * @param location the configuration's `store`
 * @param model `grantModel` of grants/states.ts: the lists and moves that the tables enforce
 * @param bounds of a PostgreSQL store, for tests
 * @throws MayflyError `store_refused`, `store_newer` or `store_unavailable`, each with a hint
 */
export async function openStore(location: StoreLocation, model: GrantModel, bounds?: Bounds): Promise<Store> {
  const dialect =
    location.kind === "sqlite"
      ? openSqlite(location.file)
      : // The driver is loaded where it is needed: a gateway on SQLite starts without it.
        (await import("./postgres.ts")).openPostgres(location.url.reveal(), bounds);
  const db = new Kysely<Tables>({ dialect });
  const ping = async (): Promise<void> => {
    await sql`select 1`.execute(db);
  };
  try {
    await ping().catch((error: unknown) => {
      throw new MayflyError("store_unavailable", `the store does not answer: ${messageOf(error)}`, {
        status: 503,
        hint: "check that the database runs, and the address, user and password in `store`",
        cause: error,
      });
    });
    await migrate(db, location.kind, model);
  } catch (error) {
    await db.destroy();
    const name = location.kind === "sqlite" ? `store ${location.file}` : "the store";
    if (error instanceof MayflyError && (location.kind !== "sqlite" || error.message.includes(location.file)))
      throw error;
    if (error instanceof MayflyError)
      throw new MayflyError(error.code, `${name}: ${error.message}`, {
        status: error.status,
        ...(error.hint === undefined ? {} : { hint: error.hint }),
        cause: error,
      });
    throw new MayflyError("store_refused", `${name} cannot be used: ${messageOf(error)}`, {
      status: 503,
      hint: "put back the newest whole copy of it, or name a new one",
      cause: error,
    });
  }
  return {
    grants: grantStore(db, location.kind, model),
    browserSessions: browserSessionStore(db),
    notifications: notificationStore(db),
    index: (log) => auditIndex(db, log),
    logs: knownLogs(db),
    ping,
    close: () => db.destroy(),
  };
}
