import { sql, type Generated, type Kysely } from "kysely";
import type { Migration, MigrationProvider } from "kysely/migration";
import { addDeliveryPrincipals, notificationTables, type NotificationTables } from "./notification-tables.ts";
import type { GrantModel, GrantState, RequestState } from "../grants/states.ts";
import { personOfSessions, signInTables, type SignInTables } from "./sign-in-schema.ts";
import { addActRuns, type ActRunTables } from "./act-runs.ts";
import { addAgreement, type AgreementTables } from "./agreement.ts";
import { addKnownLogs, type KnownLogTables } from "./known-logs.ts";
import { addChangeTriggers } from "./change-triggers.ts";
import { addBudgets, type BudgetTables } from "./budgets.ts";
import { addCursors, type CursorTables } from "./cursors.ts";
import { addCutOffs, type CutOffTables } from "./cut-offs.ts";
import { addEmergencies } from "./emergencies.ts";
import { addEndedFirst } from "./forget-ended.ts";
import { addGateways, type GatewayTables } from "./gateways.ts";
import { addLogQuestions, type LogQuestionTables } from "./log-questions.ts";
import { addMemberships, type MembershipTables } from "./memberships.ts";
import { addPlaces, type PlaceTables } from "./shared-places.ts";
import { addProbes, type ProbeTables } from "./probe-store.ts";
import { addProbedPaths, type ProbedPathTables } from "./probed-paths.ts";
import { byLog, byOpening } from "./record-tables.ts";
import { addNewestFirst } from "./newest-first.ts";
import { addRenewals, type RenewalTables } from "./renewals.ts";
import { addReviews, type ReviewTables } from "./reviews.ts";
import { addRetiredLogs, type RetiredLogTables } from "./retired-logs.ts";
import { addHolds, type HoldTables } from "./shared-holds.ts";
import { addWaiting } from "./waiting.ts";
import { addUsage, type UsageTables } from "./usage.ts";

/** The tables. Times are milliseconds since the epoch; `body` holds the facts that never change, as JSON. */
export interface Tables
  extends
    NotificationTables,
    SignInTables,
    UsageTables,
    AgreementTables,
    KnownLogTables,
    MembershipTables,
    CutOffTables,
    CursorTables,
    RenewalTables,
    BudgetTables,
    GatewayTables,
    PlaceTables,
    LogQuestionTables,
    ReviewTables,
    RetiredLogTables,
    HoldTables,
    ProbeTables,
    ProbedPathTables,
    ActRunTables {
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
  /** Records in full, but for the acts that their session's opening record speaks for: those are in runs. */
  readonly mayfly_records: {
    /** Which log the record is of: gateways that share a store have one each. */
    readonly log: string;
    readonly seq: number;
    readonly time: number;
    readonly type: string;
    readonly principal: string | null;
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

/** The migrations, in order; a name is never used again and a migration that shipped is never changed. */
export function migrations(kind: "sqlite" | "postgres", model: GrantModel): MigrationProvider {
  const all: Readonly<Record<string, Migration>> = {
    "0001_first": first(kind, model),
    "0002_records_by_log": byLog(kind),
    "0003_sign_in": signInTables(),
    "0004_approvals": { up: addWaiting },
    "0005_notifications": notificationTables,
    "0006_usage": { up: addUsage },
    "0007_person_of_sessions": personOfSessions,
    "0008_agreement": { up: addAgreement },
    "0009_known_logs": { up: addKnownLogs },
    "0010_memberships": { up: addMemberships },
    "0011_cut_offs": { up: addCutOffs },
    "0012_renewals": { up: addRenewals },
    "0013_log_cursors": { up: addCursors },
    "0014_records_by_opening": byOpening(kind),
    "0015_act_runs": { up: (db) => addActRuns(db, kind) },
    // A store that belongs to one process has nobody to tell.
    ...(kind === "postgres" ? { "0016_change_triggers": { up: addChangeTriggers } } : {}),
    "0017_budgets": { up: addBudgets },
    "0018_gateways": { up: addGateways },
    "0019_places": { up: addPlaces },
    // A store that belongs to one process has one log.
    ...(kind === "postgres" ? { "0020_log_questions": { up: addLogQuestions } } : {}),
    "0021_reviews": { up: addReviews },
    "0022_delivery_principals": { up: addDeliveryPrincipals },
    "0023_retired_logs": { up: addRetiredLogs },
    // A store that belongs to one process has its log's holds alone.
    ...(kind === "postgres" ? { "0024_holds": { up: addHolds } } : {}),
    "0025_emergencies": { up: (db) => addEmergencies(db, kind) },
    "0026_newest_first": { up: addNewestFirst },
    "0027_ended_first": { up: addEndedFirst },
    "0028_probes": { up: addProbes },
    "0029_probed_paths": { up: addProbedPaths },
  };
  return { getMigrations: () => Promise.resolve({ ...all }) };
}
