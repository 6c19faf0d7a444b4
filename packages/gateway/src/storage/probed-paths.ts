import { sql, type Kysely } from "kysely";
import type { KeptPath, ProbedFrom, ProbedPath } from "../probes/store.ts";
import { plain } from "./rows.ts";
import type { Tables } from "./schema.ts";

/** What the last report of each host says of each connection: what policies that demand closed paths decide by. */
export interface ProbedPathTables {
  readonly mayfly_probed_paths: {
    readonly requester: string;
    readonly address: string;
    /** The thumbprint of the key that the report is signed with; empty: a bearer token. */
    readonly key: string;
    /** Empty: the ways of no connection. */
    readonly connection: string;
    readonly verdict: string;
    readonly probe: string;
    readonly reported_at: number;
    /** Counts the reports of the host. */
    readonly arrival: number;
    /** JSON: where it leads, and why it is not closed. */
    readonly facts: string;
  };
}

const isClosed = ["closed", "no_address"] as const;

/** Adds the table of paths. */
export async function addProbedPaths(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("mayfly_probed_paths")
    .addColumn("requester", "text", (c) => c.notNull())
    .addColumn("address", "text", (c) => c.notNull())
    .addColumn("key", "text", (c) => c.notNull())
    .addColumn("connection", "text", (c) => c.notNull())
    .addColumn("verdict", "text", (c) => c.notNull())
    .addColumn("probe", "text", (c) => c.notNull())
    .addColumn("reported_at", "bigint", (c) => c.notNull())
    .addColumn("arrival", "bigint", (c) => c.notNull())
    .addColumn("facts", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("mayfly_probed_paths_key", ["requester", "address", "key", "connection"])
    .execute();
  await db.schema
    .createIndex("mayfly_probed_paths_reported")
    .on("mayfly_probed_paths")
    .column("reported_at")
    .execute();
  // One row a host: by which the oldest are found among very many.
  await db.schema
    .createIndex("mayfly_probed_paths_hosts")
    .on("mayfly_probed_paths")
    .columns(["requester", "reported_at"])
    .where(sql.ref("connection"), "=", "")
    .execute();
}

/** Rows of one statement: SQLite and PostgreSQL bind far more than these need. */
const ROWS = 200;

type Host = Pick<ProbedPathTables["mayfly_probed_paths"], "requester" | "address" | "key">;

const hostOf = ({ requester, address, key = "" }: ProbedFrom): Host => ({
  requester: plain(requester),
  address: plain(address),
  key: plain(key),
});

/** Puts paths in the place of what earlier reports of the host said of them: the report that comes last counts. */
export async function keepPaths(
  on: Kysely<Tables>,
  who: ProbedFrom,
  paths: readonly ProbedPath[],
  maxHosts: number,
): Promise<void> {
  const host = hostOf(who);
  const last = await on
    .selectFrom("mayfly_probed_paths")
    .select((e) => e.fn.max("arrival").as("arrival"))
    .where("requester", "=", host.requester)
    .where("address", "=", host.address)
    .where("key", "=", host.key)
    .executeTakeFirst();
  const arrival = (last?.arrival ?? 0) + 1;
  for (let at = 0; at < paths.length; at += ROWS) {
    const values = paths
      .slice(at, at + ROWS)
      .map(({ connection = "", verdict, probe, reportedAt, ...facts }) => ({
        ...host,
        connection: plain(connection),
        verdict,
        probe,
        reported_at: reportedAt,
        arrival,
        facts: JSON.stringify(facts),
      }));
    // oxlint-disable-next-line no-await-in-loop -- one transaction, one statement after the other
    await on
      .insertInto("mayfly_probed_paths")
      .values(values)
      .onConflict((c) =>
        c.columns(["requester", "address", "key", "connection"]).doUpdateSet((e) => ({
          verdict: e.ref("excluded.verdict"),
          probe: e.ref("excluded.probe"),
          reported_at: e.ref("excluded.reported_at"),
          arrival: e.ref("excluded.arrival"),
          facts: e.ref("excluded.facts"),
        })),
      )
      .execute();
  }
  // A host goes whole: no older word of it comes back. Each has one row of no connection.
  const beyond = await on
    .selectFrom("mayfly_probed_paths")
    .select(["address", "key"])
    .where("requester", "=", host.requester)
    .where("connection", "=", "")
    .orderBy("reported_at", "desc")
    .orderBy("address")
    .orderBy("key")
    // SQLite takes no OFFSET without a LIMIT; no host has so many.
    .limit(1_000_000)
    .offset(maxHosts)
    .execute();
  for (const { address, key } of beyond)
    // oxlint-disable-next-line no-await-in-loop -- as above
    await on
      .deleteFrom("mayfly_probed_paths")
      .where("requester", "=", host.requester)
      .where("address", "=", address)
      .where("key", "=", key)
      .execute();
}

/** What is kept of a host for one connection: its own row, that of no connection, and whatever is not closed. */
export async function pathsOf(
  db: Kysely<Tables>,
  who: ProbedFrom,
  connection: string,
): Promise<readonly KeptPath[]> {
  const host = hostOf(who);
  const rows = await db
    .selectFrom("mayfly_probed_paths")
    .selectAll()
    .where("requester", "=", host.requester)
    .where("address", "=", host.address)
    .where("key", "=", host.key)
    .where((e) => e.or([e("connection", "in", ["", plain(connection)]), e("verdict", "not in", isClosed)]))
    .orderBy("connection")
    .execute();
  return rows.map((row) => ({
    ...(row.connection === "" ? {} : { connection: row.connection }),
    verdict: row.verdict as ProbedPath["verdict"],
    probe: row.probe,
    reportedAt: row.reported_at,
    arrival: row.arrival,
    ...(JSON.parse(row.facts) as Pick<ProbedPath, "target" | "places" | "why">),
  }));
}

/** Whether anything is kept from this address, under whatever key. */
export async function isProbedFrom(db: Kysely<Tables>, { requester, address }: ProbedFrom): Promise<boolean> {
  const row = await db
    .selectFrom("mayfly_probed_paths")
    .select("key")
    .where("requester", "=", plain(requester))
    .where("address", "=", plain(address))
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
