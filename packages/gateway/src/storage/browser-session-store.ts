import { createHash } from "node:crypto";
import type { Insertable, Kysely, Selectable } from "kysely";
import type {
  BrowserSession,
  BrowserSessionStore,
  SessionFilter,
  SignInTransaction,
} from "../identity/browser-sessions/store.ts";
import { ownLogin } from "../kernel/logins.ts";
import { plain } from "./rows.ts";
import type { SignInTables } from "./sign-in-schema.ts";
import type { Tables } from "./schema.ts";

type Row = Selectable<SignInTables["mayfly_browser_sessions"]>;

/** Members that stand in no column of their own. */
type Body = Pick<
  BrowserSession,
  "method" | "displayName" | "uid" | "authenticatedAt" | "address" | "browser"
>;

function rowOf(session: BrowserSession): Insertable<SignInTables["mayfly_browser_sessions"]> {
  const { method, displayName, uid, authenticatedAt, address, browser } = session;
  const body: Body = {
    method,
    ...(displayName === undefined ? {} : { displayName }),
    ...(uid === undefined ? {} : { uid }),
    ...(authenticatedAt === undefined ? {} : { authenticatedAt }),
    address,
    browser,
  };
  return {
    id: session.id,
    digest: session.digest,
    issuer: plain(session.issuer),
    login: plain(session.login),
    person: personOf(session.login),
    provider_subject: plain(session.providerSubject),
    provider_session: session.providerSession === undefined ? null : plain(session.providerSession),
    rules: session.rules,
    groups: JSON.stringify(session.groups),
    groups_as_of: session.groupsAsOf,
    signed_in_at: session.signedInAt,
    last_seen_at: session.lastSeenAt,
    ends_at: session.endsAt,
    body: JSON.stringify(body),
  };
}

function sessionFrom(row: Row): BrowserSession {
  return {
    id: row.id,
    digest: row.digest,
    issuer: row.issuer,
    login: row.login,
    providerSubject: row.provider_subject,
    ...(row.provider_session === null ? {} : { providerSession: row.provider_session }),
    rules: row.rules,
    groups: JSON.parse(row.groups) as string[],
    groupsAsOf: row.groups_as_of,
    signedInAt: row.signed_in_at,
    lastSeenAt: row.last_seen_at,
    endsAt: row.ends_at,
    ...(JSON.parse(row.body) as Body),
  };
}

/** What persons are compared by. */
const personOf = (login: string): string => plain(ownLogin(login));

/** The columns of a filter; the names are equal in every statement that takes one. */
function conditions(
  filter: SessionFilter,
): [column: "issuer" | "person" | "provider_subject" | "provider_session", value: string][] {
  const { issuer, login, providerSubject, providerSession } = filter;
  const found: [column: "issuer" | "person" | "provider_subject" | "provider_session", value: string][] = [];
  if (issuer !== undefined) found.push(["issuer", plain(issuer)]);
  if (login !== undefined) found.push(["person", personOf(login)]);
  if (providerSubject !== undefined) found.push(["provider_subject", plain(providerSubject)]);
  if (providerSession !== undefined) found.push(["provider_session", plain(providerSession)]);
  return found;
}

/** A name from outside may be of any length. */
const digestOf = (id: string): string => createHash("sha256").update(id).digest("hex");

/** Keeps sign-ins under way, browser sessions, and what may be used once. */
export function browserSessionStore(db: Kysely<Tables>): BrowserSessionStore {
  return {
    async begin(transaction, most) {
      const { digest, beganAt, expiresAt } = transaction;
      await db.transaction().execute(async (on) => {
        await on.deleteFrom("mayfly_sign_ins").where("expires_at", "<=", beganAt).execute();
        await on
          .insertInto("mayfly_sign_ins")
          .values({ digest, began_at: beganAt, expires_at: expiresAt, body: JSON.stringify(transaction) })
          .execute();
        // Whoever floods sign-ins pushes out the oldest; the store does not grow.
        const { count } = await on
          .selectFrom("mayfly_sign_ins")
          .select((e) => e.fn.countAll<number | string>().as("count"))
          .executeTakeFirstOrThrow();
        const surplus = Number(count) - most;
        if (surplus <= 0) return;
        const oldest = on
          .selectFrom("mayfly_sign_ins")
          .select("digest")
          .orderBy("expires_at")
          .orderBy("digest")
          .limit(surplus);
        await on.deleteFrom("mayfly_sign_ins").where("digest", "in", oldest).execute();
      });
    },

    async consume(digest) {
      const row = await db
        .deleteFrom("mayfly_sign_ins")
        .where("digest", "=", digest)
        .returning("body")
        .executeTakeFirst();
      return row === undefined ? undefined : (JSON.parse(row.body) as SignInTransaction);
    },

    async create(session, most) {
      return db.transaction().execute(async (on) => {
        const own = await on
          .selectFrom("mayfly_browser_sessions")
          .selectAll()
          .where("person", "=", personOf(session.login))
          .orderBy("signed_in_at", "desc")
          .orderBy("id")
          .execute();
        const surplus = own.slice(Math.max(0, most - 1));
        for (const { id } of surplus) {
          await on.deleteFrom("mayfly_browser_sessions").where("id", "=", id).execute();
        }
        await on.insertInto("mayfly_browser_sessions").values(rowOf(session)).execute();
        return surplus.map(sessionFrom);
      });
    },

    async byDigest(digest) {
      const row = await db
        .selectFrom("mayfly_browser_sessions")
        .selectAll()
        .where("digest", "=", digest)
        .executeTakeFirst();
      return row === undefined ? undefined : sessionFrom(row);
    },

    async byId(id) {
      const row = await db
        .selectFrom("mayfly_browser_sessions")
        .selectAll()
        .where("id", "=", id)
        .executeTakeFirst();
      return row === undefined ? undefined : sessionFrom(row);
    },

    async list(filter, limit) {
      let query = db.selectFrom("mayfly_browser_sessions").selectAll();
      for (const [column, value] of conditions(filter)) query = query.where(column, "=", value);
      if (filter.otherRulesThan !== undefined) query = query.where("rules", "!=", filter.otherRulesThan);
      const rows = await query.orderBy("signed_in_at", "desc").orderBy("id").limit(limit).execute();
      return rows.map(sessionFrom);
    },

    async seen(id, at) {
      await db
        .updateTable("mayfly_browser_sessions")
        .set({ last_seen_at: at })
        .where("id", "=", id)
        .where("last_seen_at", "<", at)
        .execute();
    },

    async setGroups(id, groups, asOf) {
      await db
        .updateTable("mayfly_browser_sessions")
        .set({ groups: JSON.stringify(groups), groups_as_of: asOf })
        .where("id", "=", id)
        .where("groups_as_of", "<=", asOf)
        .execute();
    },

    async end(id) {
      const ended = await db.deleteFrom("mayfly_browser_sessions").where("id", "=", id).executeTakeFirst();
      return ended.numDeletedRows === 1n;
    },

    async endAll(filter) {
      const columns = conditions(filter);
      if (columns.length === 0 && filter.otherRulesThan === undefined) return [];
      let query = db.deleteFrom("mayfly_browser_sessions").returningAll();
      for (const [column, value] of columns) query = query.where(column, "=", value);
      if (filter.otherRulesThan !== undefined) query = query.where("rules", "!=", filter.otherRulesThan);
      return (await query.execute()).map(sessionFrom);
    },

    async forget(now, idleSince) {
      const over = await db
        .deleteFrom("mayfly_browser_sessions")
        .where((e) => e.or([e("ends_at", "<=", now), e("last_seen_at", "<", idleSince)]))
        .returningAll()
        .execute();
      await db.deleteFrom("mayfly_sign_ins").where("expires_at", "<=", now).execute();
      await db.deleteFrom("mayfly_used_once").where("until", "<=", now).execute();
      return over.map(sessionFrom);
    },

    async mark(kind, id, until) {
      await db
        .insertInto("mayfly_used_once")
        .values({ kind, id: digestOf(id), until })
        .onConflict((conflict) =>
          conflict.columns(["kind", "id"]).doUpdateSet({ until }).where("mayfly_used_once.until", "<", until),
        )
        .execute();
    },

    async marked(kind, id) {
      const row = await db
        .selectFrom("mayfly_used_once")
        .select("until")
        .where("kind", "=", kind)
        .where("id", "=", digestOf(id))
        .executeTakeFirst();
      return row?.until;
    },

    async use(kind, id, until) {
      const marked = await db
        .insertInto("mayfly_used_once")
        .values({ kind, id: digestOf(id), until })
        .onConflict((conflict) => conflict.columns(["kind", "id"]).doNothing())
        .executeTakeFirst();
      return Number(marked.numInsertedOrUpdatedRows ?? 0n) === 1;
    },
  };
}
