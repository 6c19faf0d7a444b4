import { Kysely, sql } from "kysely";
import { Migrator } from "kysely/migration";
import type { AuditIndex } from "../audit/index/port.ts";
import type { KnownLogs } from "../audit/known/known-log.ts";
import type { RetiredLogs } from "../audit/logs/retired.ts";
import type { SharedHolds } from "../audit/retention/shared-holds.ts";
import type { BudgetStore } from "../grants/budgets.ts";
import type { GatewayRegistry } from "../grants/gateways/registry.ts";
import type { SharedPlaces } from "../grants/gateways/shared-places.ts";
import type { GrantStore } from "../grants/grants.ts";
import type { GrantModel } from "../grants/states.ts";
import { MayflyError, messageOf } from "../kernel/errors.ts";
import type { NotificationStore } from "../notifications/store.ts";
import type { Secret } from "../kernel/secret.ts";
import type { ProbeStore } from "../probes/store.ts";
import type { CutOffStore } from "../identity/signals/cut-offs.ts";
import type { CursorStore } from "../identity/system-log/cursor.ts";
import type { MembershipStore } from "../identity/memberships/memberships.ts";
import type { BrowserSessionStore } from "../identity/browser-sessions/store.ts";
import { auditIndex } from "./audit-index.ts";
import { budgetStore } from "./budgets.ts";
import { browserSessionStore } from "./browser-session-store.ts";
import { forgetEnded, type Forgotten, type HeldNow } from "./forget-ended.ts";
import { gatewayRegistry } from "./gateways.ts";
import { grantStore } from "./grant-store.ts";
import { sharedLogs, type SharedLogs } from "./shared-logs.ts";
import { knownLogs } from "./known-logs.ts";
import { noChanges, type StoreChanges } from "./changes.ts";
import { cursorStore } from "./cursors.ts";
import { cutOffStore } from "./cut-offs.ts";
import { membershipStore } from "./memberships.ts";
import { notificationStore } from "./notification-store.ts";
import type { Bounds, OpenedPostgres } from "./postgres.ts";
import { probeStore } from "./probe-store.ts";
import { retiredLogs } from "./retired-logs.ts";
import { sharedHolds } from "./shared-holds.ts";
import { sharedPlaces } from "./shared-places.ts";
import { migrations, type Tables } from "./schema.ts";
import { openSqlite, relaxedOnSqlite } from "./sqlite.ts";

/** Which store: the configuration's `store`. */
export type StoreLocation =
  | { readonly kind: "sqlite"; readonly file: string }
  | { readonly kind: "postgres"; readonly url: Secret };

/** The parts of the database that the rest of Mayfly uses. */
export interface Store {
  readonly grants: GrantStore;
  /** What grants have had of their budgets. */
  readonly budgets: BudgetStore;
  /** The gateways that share the store; undefined of a store that belongs to one process. */
  readonly gateways: GatewayRegistry | undefined;
  /** What these hold of what they share; undefined of a store that belongs to one process. */
  readonly places: SharedPlaces | undefined;
  readonly browserSessions: BrowserSessionStore;
  readonly notifications: NotificationStore;
  /** Memberships that the identity provider has ended. */
  readonly memberships: MembershipStore;
  /** Cut-offs: up to which time nothing issued to somebody is accepted. */
  readonly cutOffs: CutOffStore;
  /** Tries of the ways around the gateway. */
  readonly probes: ProbeStore;
  /** How far Okta's System Log was read. */
  readonly cursors: CursorStore;
  /** The index of the log of that id (`OpenedAuditLog.id`); gateways that share a store have a log each. */
  index(log: string): AuditIndex;
  /**
   * Forgets grants, requests and their approvals that ended before a time, milliseconds since the epoch. Nothing that
   * is live, pending, or owed to a log is among them.
   * @param heldNow asked anew for every step, which forgets 200 at most
   */
  forgetEnded(before: number, heldNow: HeldNow): Promise<Forgotten>;
  /** What the store knows of each log, so that the next start finds them again. */
  readonly logs: KnownLogs;
  /** The logs that an operator has given up. */
  readonly retiredLogs: RetiredLogs;
  /** The holds in their logs; undefined of a store that belongs to one process. */
  readonly holds: SharedHolds | undefined;
  /** The logs of the gateways that share the store; undefined of a store that belongs to one process. */
  readonly shared: SharedLogs | undefined;
  /** What other gateways on the same store change. */
  readonly changes: StoreChanges;
  /** Resolves when the store answers; rejects within seconds when it is away. */
  ping(): Promise<void>;
  /** Waits for calls under way, then releases the file or the connections. */
  close(): Promise<void>;
}

const migrationTable = "mayfly_migration";
const migrationLockTable = "mayfly_migration_lock";

/**
 * Brings the tables up to date, under a lock, or says why that cannot be.
 * @param patient whose calls may take as long as an index over a large table
 */
async function migrate(
  db: Kysely<Tables>,
  patient: Kysely<Tables>,
  kind: StoreLocation["kind"],
  model: GrantModel,
): Promise<void> {
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
  const migrator = (on: Kysely<Tables>): Migrator =>
    new Migrator({
      db: on,
      provider,
      migrationTableName: migrationTable,
      migrationLockTableName: migrationLockTable,
    });
  // A start that has nothing to bring up to date waits for a silent store no longer than any call does.
  const known = await migrator(db).getMigrations();
  if (known.every(({ executedAt }) => executedAt !== undefined)) return;
  const { error } = await migrator(patient).migrateToLatest();
  if (error === undefined) return;
  // A newer gateway may have migrated between the check and the lock.
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

async function openDialect(
  location: StoreLocation,
  bounds: Bounds | undefined,
): Promise<Pick<OpenedPostgres, "dialect" | "changes"> & Partial<Pick<OpenedPostgres, "migrating">>> {
  if (location.kind === "sqlite") return { dialect: openSqlite(location.file), changes: noChanges };
  // The driver is loaded where it is needed: a gateway on SQLite starts without it.
  const { openPostgres } = await import("./postgres.ts");
  try {
    return openPostgres(location.url.reveal(), bounds);
  } catch (error) {
    throw new MayflyError("store_refused", `the store's URL cannot be used: ${messageOf(error)}`, {
      status: 503,
      hint: "check the files that it names (sslrootcert, sslcert, sslkey)",
      cause: error,
    });
  }
}

/**
 * Opens the store: makes it where it does not exist, and brings its tables up to date.
 * @param location the configuration's `store`
 * @param model `grantModel` of grants/states.ts: the lists and moves that the tables enforce
 * @param bounds of a PostgreSQL store, for tests
 * @throws MayflyError `store_refused`, `store_newer` or `store_unavailable`, each with a hint
 */
export async function openStore(location: StoreLocation, model: GrantModel, bounds?: Bounds): Promise<Store> {
  const { dialect, changes, migrating } = await openDialect(location, bounds);
  const db = new Kysely<Tables>({ dialect });
  const ping = async (): Promise<void> => {
    await sql`select 1`.execute(db);
  };
  try {
    await ping().catch((error: unknown) => {
      throw new MayflyError("store_unavailable", `the store does not answer: ${messageOf(error)}`, {
        status: 503,
        hint: messageOf(error).includes("does not support SSL")
          ? "switch TLS on there, or end the URL in ?sslmode=disable where nobody else is on the way to it"
          : "check that the database runs, and the address, user and password in `store`",
        cause: error,
      });
    });
    const patient = migrating === undefined ? db : new Kysely<Tables>({ dialect: migrating() });
    try {
      await migrate(db, patient, location.kind, model);
    } finally {
      if (patient !== db) await patient.destroy();
    }
  } catch (error) {
    await db.destroy();
    const name = location.kind === "sqlite" ? `store ${location.file}` : "the store";
    if (error instanceof MayflyError && location.kind !== "sqlite") throw error;
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
    budgets: budgetStore(db),
    gateways: location.kind === "postgres" ? gatewayRegistry(db) : undefined,
    places: location.kind === "postgres" ? sharedPlaces(db) : undefined,
    browserSessions: browserSessionStore(db),
    notifications: notificationStore(db),
    memberships: membershipStore(db),
    cutOffs: cutOffStore(db),
    probes: probeStore(db, location.kind),
    cursors: cursorStore(db),
    index: (log) => auditIndex(db, log, location.kind === "sqlite" ? relaxedOnSqlite : undefined),
    forgetEnded: (before, heldNow) => forgetEnded(db, before, heldNow),
    logs: knownLogs(db),
    retiredLogs: retiredLogs(db, location.kind === "postgres"),
    holds: location.kind === "postgres" ? sharedHolds(db) : undefined,
    shared: location.kind === "postgres" ? sharedLogs(db) : undefined,
    changes,
    ping,
    close: () => db.destroy(),
  };
}
