import { sql, type Generated, type Kysely } from "kysely";
import type { Migration, MigrationProvider } from "kysely/migration";
import { notificationTables, type NotificationTables } from "./notification-tables.ts";
import type { GrantModel, GrantState, RequestState } from "../grants/states.ts";
import { personOfSessions, signInTables, type SignInTables } from "./sign-in-schema.ts";
import { addAgreement, type AgreementTables } from "./agreement.ts";
import { addKnownLogs, type KnownLogTables } from "./known-logs.ts";
import { addUsage, type UsageTables } from "./usage.ts";

/** The tables. Times are milliseconds since the epoch; `body` holds the facts that never change, as JSON. */
export interface Tables
  extends NotificationTables, SignInTables, UsageTables, AgreementTables, KnownLogTables {
  readonly mayfly_requests: {
    readonly id: string;
    readonly requester: string;
    readonly state: RequestState;
    readonly created_at: number;
    /** Until when a request may wait, for listing what times out first. */
    readonly waits_until: number | null;
    readonly escalated_at: number | null;
    readonly decided_at: number | null;
    readonly grant_id: string | null;
    readonly idempotency_key: string | null;
    readonly fingerprint: string | null;
    readonly reasons: string;
    readonly body: string;
    /** Order of arrival, for listing newest first. */
    readonly position: Generated<number>;
  };
  readonly mayfly_approvals: {
    readonly request: string;
    readonly issuer: string;
    readonly subject: string;
    readonly decision: "approve" | "refuse";
    readonly given_at: number;
    readonly body: string;
  };
  readonly mayfly_grants: {
    readonly id: string;
    readonly request: string;
    readonly requester: string;
    readonly state: GrantState;
    readonly activated_at: number;
    readonly ends_at: number;
    readonly ended_at: number | null;
    readonly ended_by: string | null;
    readonly end_reason: string | null;
    readonly verifier: string | null;
    readonly body: string;
  };
  /** One row: the lock-down in force, as JSON, or null. */
  readonly mayfly_control: { readonly id: number; readonly lockdown: string | null };
  readonly mayfly_records: {
    /** Which log the record is of: gateways that share a store have one each. */
    readonly log: string;
    readonly seq: number;
    readonly time: number;
    readonly type: string;
    readonly principal: string;
    readonly connection: string | null;
    readonly request: string | null;
    readonly grant_id: string | null;
    readonly session: string | null;
    readonly decision: string | null;
    /** Each as `connection/operation` between newlines; null where there are none. */
    readonly operations: string | null;
    readonly body: string;
  };
}

/** A list of names as SQL literals: the CHECK constraints come from the same lists as the transition table. */
function oneOf(column: string, names: readonly string[]): ReturnType<typeof sql<boolean>> {
  return sql<boolean>`${sql.ref(column)} in (${sql.join(names.map((name) => sql.lit(name)))})`;
}

function first(kind: "sqlite" | "postgres", model: GrantModel): Migration {
  return {
    async up(db: Kysely<unknown>) {
      const requests = db.schema.createTable("mayfly_requests");
      // An integer primary key is SQLite's row number; PostgreSQL has identity columns.
      await (
        kind === "sqlite"
          ? requests.addColumn("position", "integer", (c) => c.primaryKey().autoIncrement())
          : requests.addColumn("position", "bigint", (c) => c.primaryKey().generatedAlwaysAsIdentity())
      )
        .addColumn("id", "text", (c) => c.notNull().unique())
        .addColumn("requester", "text", (c) => c.notNull())
        .addColumn("state", "text", (c) => c.notNull().check(oneOf("state", model.request.states)))
        .addColumn("created_at", "bigint", (c) => c.notNull())
        .addColumn("decided_at", "bigint")
        .addColumn("grant_id", "text")
        .addColumn("idempotency_key", "text")
        .addColumn("fingerprint", "text")
        .addColumn("reasons", "text", (c) => c.notNull())
        .addColumn("body", "text", (c) => c.notNull())
        .addUniqueConstraint("mayfly_requests_once", ["requester", "idempotency_key"])
        // A grant and only a grant makes a request approved.
        .addCheckConstraint("mayfly_requests_grant", sql`(state = 'approved') = (grant_id is not null)`)
        .execute();
      await db.schema
        .createIndex("mayfly_requests_state")
        .on("mayfly_requests")
        .columns(["state", "requester"])
        .execute();
      await db.schema
        .createTable("mayfly_approvals")
        .addColumn("request", "text", (c) => c.notNull().references("mayfly_requests.id"))
        .addColumn("issuer", "text", (c) => c.notNull())
        .addColumn("subject", "text", (c) => c.notNull())
        .addColumn("decision", "text", (c) => c.notNull().check(oneOf("decision", ["approve", "refuse"])))
        .addColumn("given_at", "bigint", (c) => c.notNull())
        .addColumn("body", "text", (c) => c.notNull())
        // One person counts once.
        .addPrimaryKeyConstraint("mayfly_approvals_once", ["request", "issuer", "subject"])
        .execute();
      await db.schema
        .createTable("mayfly_grants")
        .addColumn("id", "text", (c) => c.primaryKey().notNull())
        // One request makes one grant.
        .addColumn("request", "text", (c) => c.notNull().unique().references("mayfly_requests.id"))
        .addColumn("requester", "text", (c) => c.notNull())
        .addColumn("state", "text", (c) => c.notNull().check(oneOf("state", model.grant.states)))
        .addColumn("activated_at", "bigint", (c) => c.notNull())
        .addColumn("ends_at", "bigint", (c) => c.notNull())
        .addColumn("ended_at", "bigint")
        .addColumn("ended_by", "text")
        .addColumn("end_reason", "text")
        .addColumn("verifier", "text")
        .addColumn("body", "text", (c) => c.notNull())
        .addCheckConstraint("mayfly_grants_end", sql`(state = 'active') = (ended_at is null)`)
        .addCheckConstraint("mayfly_grants_term", sql`ends_at > activated_at`)
        .execute();
      await db.schema
        .createIndex("mayfly_grants_state")
        .on("mayfly_grants")
        .columns(["state", "requester"])
        .execute();
      await db.schema
        .createTable("mayfly_control")
        .addColumn("id", "integer", (c) => c.primaryKey().check(sql`id = 1`))
        .addColumn("lockdown", "text")
        .execute();
      await sql`insert into mayfly_control (id, lockdown) values (1, null)`.execute(db);
      await db.schema
        .createTable("mayfly_records")
        .addColumn("seq", kind === "sqlite" ? "integer" : "bigint", (c) => c.primaryKey())
        .addColumn("time", "bigint", (c) => c.notNull())
        .addColumn("type", "text", (c) => c.notNull())
        .addColumn("principal", "text", (c) => c.notNull())
        .addColumn("connection", "text")
        .addColumn("request", "text")
        .addColumn("grant_id", "text")
        .addColumn("session", "text")
        .addColumn("decision", "text")
        .addColumn("body", "text", (c) => c.notNull())
        .execute();
      for (const column of ["time", "request", "grant_id", "session"]) {
        await db.schema
          .createIndex(`mayfly_records_${column}`)
          .on("mayfly_records")
          .columns([column, "seq"])
          .execute();
      }
    },
  };
}

/** The index of records by log. What was indexed before is indexed again from the files. */
function byLog(kind: "sqlite" | "postgres"): Migration {
  return {
    async up(db: Kysely<unknown>) {
      await db.schema.dropTable("mayfly_records").execute();
      await db.schema
        .createTable("mayfly_records")
        .addColumn("log", "text", (c) => c.notNull())
        .addColumn("seq", kind === "sqlite" ? "integer" : "bigint", (c) => c.notNull())
        .addColumn("time", "bigint", (c) => c.notNull())
        .addColumn("type", "text", (c) => c.notNull())
        .addColumn("principal", "text", (c) => c.notNull())
        .addColumn("connection", "text")
        .addColumn("request", "text")
        .addColumn("grant_id", "text")
        .addColumn("session", "text")
        .addColumn("decision", "text")
        .addColumn("body", "text", (c) => c.notNull())
        .addPrimaryKeyConstraint("mayfly_records_key", ["log", "seq"])
        .execute();
      for (const column of ["time", "request", "grant_id", "session"] as const) {
        await db.schema
          .createIndex(`mayfly_records_${column}`)
          .on("mayfly_records")
          .columns(["log", column, "seq"])
          .execute();
      }
    },
  };
}

/** What waits for people, by when it times out, and since when others may decide it too. */
function approvals(): Migration {
  return {
    async up(db: Kysely<unknown>) {
      for (const column of ["waits_until", "escalated_at"]) {
        await db.schema.alterTable("mayfly_requests").addColumn(column, "bigint").execute();
      }
      await db.schema
        .createIndex("mayfly_requests_waits")
        .on("mayfly_requests")
        .columns(["state", "waits_until", "position"])
        .execute();
    },
  };
}

/** The migrations, in order; a name is never used again and a migration that shipped is never changed. */
export function migrations(kind: "sqlite" | "postgres", model: GrantModel): MigrationProvider {
  const all: Readonly<Record<string, Migration>> = {
    "0001_first": first(kind, model),
    "0002_records_by_log": byLog(kind),
    "0003_sign_in": signInTables(),
    "0005_notifications": notificationTables,
    "0004_approvals": approvals(),
    "0006_usage": { up: addUsage },
    "0007_person_of_sessions": personOfSessions,
    "0008_agreement": { up: addAgreement },
    "0009_known_logs": { up: addKnownLogs },
  };
  return { getMigrations: () => Promise.resolve({ ...all }) };
}
