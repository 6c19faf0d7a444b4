import { sql, type Kysely, type Selectable } from "kysely";
import type {
  KeptOffer,
  KeptProbe,
  KeptReport,
  KeptStart,
  ProbeStore,
  ReportBound,
} from "../probes/store.ts";
import type { ProbedHost } from "../probes/types.ts";
import { isProbedFrom, keepPaths, pathsOf } from "./probed-paths.ts";
import { plain } from "./rows.ts";
import type { Tables } from "./schema.ts";

/** Probes: a row from its offer to its report. */
export interface ProbeTables {
  readonly mayfly_probes: {
    readonly id: string;
    readonly token_digest: string;
    /** When the token expires; of one that has been started, when the report is late. */
    readonly ends_at: number;
    readonly nonce_digest: string | null;
    readonly requester: string | null;
    readonly claimed_at: number | null;
    readonly address: string | null;
    readonly host: string | null;
    readonly reported_at: number | null;
    /** JSON: what was offered, told and found. */
    readonly offered: string;
    readonly told: string | null;
    readonly report: string | null;
  };
}

/** Names Mayfly's advisory lock on the number of offers: "prob" in ASCII. */
const OFFERS_LOCK = 0x70726f62;
/** Names Mayfly's advisory lock on reports that are put together: "prok" in ASCII. */
const REPORTS_LOCK = 0x70726f6b;

/** Adds the table of probes. */
export async function addProbes(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("mayfly_probes")
    .addColumn("id", "text", (c) => c.primaryKey().notNull())
    .addColumn("token_digest", "text", (c) => c.notNull())
    .addColumn("ends_at", "bigint", (c) => c.notNull())
    .addColumn("nonce_digest", "text", (c) => c.unique())
    .addColumn("requester", "text")
    .addColumn("claimed_at", "bigint")
    .addColumn("address", "text")
    .addColumn("host", "text")
    .addColumn("reported_at", "bigint")
    .addColumn("offered", "text", (c) => c.notNull())
    .addColumn("told", "text")
    .addColumn("report", "text")
    // Who was told is known, and only what was told is reported.
    .addCheckConstraint("mayfly_probes_told", sql`(told is null) = (nonce_digest is null)`)
    .addCheckConstraint("mayfly_probes_claimed", sql`claimed_at is null or told is not null`)
    .addCheckConstraint("mayfly_probes_reported", sql`reported_at is null or claimed_at is not null`)
    .execute();
  await db.schema
    .createIndex("mayfly_probes_requester")
    .on("mayfly_probes")
    .columns(["requester", "reported_at"])
    .execute();
  await db.schema.createIndex("mayfly_probes_reported").on("mayfly_probes").column("reported_at").execute();
}

type Row = Selectable<Tables["mayfly_probes"]>;

function probeFrom(row: Row): KeptProbe {
  const told = row.told === null ? undefined : (JSON.parse(row.told) as KeptStart);
  return {
    ...(JSON.parse(row.offered) as KeptOffer),
    ...(told === undefined ? {} : { start: told }),
    isReported: row.claimed_at !== null,
  };
}

const hostFrom = (report: string | null): ProbedHost => JSON.parse(report ?? "") as ProbedHost;

/** Keeps probes in the store. */
export function probeStore(db: Kysely<Tables>, kind: "sqlite" | "postgres"): ProbeStore {
  async function findBy(column: "id" | "nonce_digest", value: string): Promise<KeptProbe | undefined> {
    const row = await db
      .selectFrom("mayfly_probes")
      .selectAll()
      .where(column, "=", plain(value))
      .executeTakeFirst();
    return row === undefined ? undefined : probeFrom(row);
  }

  return {
    async offer(offer, bound) {
      await db.transaction().execute(async (on) => {
        // SQLite has one writer.
        if (kind === "postgres") await sql`select pg_advisory_xact_lock(${OFFERS_LOCK})`.execute(on);
        const { waiting } = await on
          .selectFrom("mayfly_probes")
          .select((e) => e.fn.countAll<number | string>().as("waiting"))
          .where("told", "is", null)
          .where("ends_at", ">", bound.at)
          .executeTakeFirstOrThrow();
        if (Number(waiting) >= bound.max) throw bound.refusal();
        await on
          .insertInto("mayfly_probes")
          .values({
            id: offer.id,
            token_digest: offer.tokenDigest,
            ends_at: offer.expiresAt,
            offered: JSON.stringify(offer),
          })
          .execute();
      });
    },
    find: (id) => findBy("id", id),
    findByNonce: (digest) => findBy("nonce_digest", digest),
    async start(id, start, at) {
      const started = await db
        .updateTable("mayfly_probes")
        .set({
          nonce_digest: start.nonceDigest,
          ends_at: start.reportBy,
          requester: plain(start.requester),
          address: plain(start.address),
          told: JSON.stringify(start),
        })
        .where("id", "=", id)
        .where("told", "is", null)
        .where("ends_at", ">", at)
        .executeTakeFirst();
      return started.numUpdatedRows === 1n;
    },
    async claim(id, at) {
      const claimed = await db
        .updateTable("mayfly_probes")
        .set({ claimed_at: at })
        .where("id", "=", id)
        .where("told", "is not", null)
        .where("claimed_at", "is", null)
        .executeTakeFirst();
      return claimed.numUpdatedRows === 1n;
    },
    async unclaim(id) {
      await db
        .updateTable("mayfly_probes")
        .set({ claimed_at: null })
        .where("id", "=", id)
        .where("reported_at", "is", null)
        .execute();
    },
    keep: (id, kept, bound) =>
      db.transaction().execute(async (on) => {
        if (kind === "postgres") await sql`select pg_advisory_xact_lock(${REPORTS_LOCK})`.execute(on);
        await keep(on, id, kept, bound);
      }),
    paths: (from, connection) => pathsOf(db, from, connection),
    isProbedFrom: (from) => isProbedFrom(db, from),
    async hosts(limit) {
      const rows = await db
        .selectFrom("mayfly_probes")
        .select("report")
        .where("report", "is not", null)
        .orderBy("reported_at", "desc")
        .orderBy("id")
        .limit(limit)
        .execute();
      return rows.map(({ report }) => hostFrom(report));
    },
    async forget({ endedBefore, reportedBefore }) {
      await db
        .deleteFrom("mayfly_probes")
        .where((e) =>
          e.or([
            e.and([e("report", "is", null), e("ends_at", "<", endedBefore)]),
            e("reported_at", "<", reportedBefore),
          ]),
        )
        .execute();
      await db.deleteFrom("mayfly_probed_paths").where("reported_at", "<", reportedBefore).execute();
    },
  };
}

/** Keeps a report with what older ones of the same host add, and no more hosts of its requester than may be. */
async function keep(
  on: Kysely<Tables>,
  id: string,
  { host, paths }: KeptReport,
  { maxHosts, maxPlaces, merge }: ReportBound,
): Promise<void> {
  const row = await on
    .selectFrom("mayfly_probes")
    .select(["requester", "address"])
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) return;
  const others = on
    .deleteFrom("mayfly_probes")
    .where("requester", "=", row.requester)
    .where("report", "is not", null)
    .where("id", "<>", id);
  const sameName = await on
    .selectFrom("mayfly_probes")
    .select(["id", "report"])
    .where("requester", "=", row.requester)
    .where("report", "is not", null)
    .where("id", "<>", id)
    .where("address", "=", row.address)
    .where("host", "=", plain(host.host))
    .where("reported_at", "<=", host.probedAt)
    .orderBy("reported_at", "desc")
    .execute();
  // Whoever holds another key is another host, whatever it calls itself.
  const earlier = sameName
    .map((each) => ({ id: each.id, host: hostFrom(each.report) }))
    .filter((each) => each.host.key === host.key);
  const ids = earlier.map((each) => each.id);
  if (ids.length > 0) await others.where("id", "in", ids).execute();
  await on
    .updateTable("mayfly_probes")
    .set({
      host: plain(host.host),
      reported_at: host.probedAt,
      report: JSON.stringify(
        merge(
          host,
          earlier.map((each) => each.host),
        ),
      ),
    })
    .where("id", "=", id)
    .execute();
  const newest = on
    .selectFrom("mayfly_probes")
    .select("id")
    .where("requester", "=", row.requester)
    .where("report", "is not", null)
    .orderBy("reported_at", "desc")
    .orderBy("id")
    .limit(maxHosts);
  await others.where("id", "not in", newest).execute();
  const { requester, address } = row;
  const from = { requester: requester ?? "", address: address ?? "" };
  await keepPaths(on, host.key === undefined ? from : { ...from, key: host.key }, paths, maxPlaces);
}
