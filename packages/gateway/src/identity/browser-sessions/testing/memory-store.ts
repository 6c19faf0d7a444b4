import { ownLogin } from "../../../kernel/logins.ts";
import type { BrowserSession, BrowserSessionStore, SessionFilter, SignInTransaction } from "../store.ts";

/** A store in memory, for tests; `broken` makes every call fail, as a database that is away does. */
export interface MemoryStore extends BrowserSessionStore {
  broken: boolean;
  readonly transactions: Map<string, SignInTransaction>;
  readonly all: Map<string, BrowserSession>;
}

/** Makes one. */
export function memoryStore(): MemoryStore {
  const used = new Map<string, number>();
  const matches =
    (filter: SessionFilter) =>
    (session: BrowserSession): boolean =>
      (filter.issuer === undefined || session.issuer === filter.issuer) &&
      (filter.login === undefined || ownLogin(session.login) === ownLogin(filter.login)) &&
      (filter.providerSubject === undefined || session.providerSubject === filter.providerSubject) &&
      (filter.providerSession === undefined || session.providerSession === filter.providerSession) &&
      (filter.otherRulesThan === undefined || session.rules !== filter.otherRulesThan);
  const store: MemoryStore = {
    broken: false,
    transactions: new Map(),
    all: new Map(),
    async begin(transaction, most) {
      reach();
      store.transactions.set(transaction.digest, transaction);
      for (const [digest] of store.transactions) {
        if (store.transactions.size <= most) break;
        store.transactions.delete(digest);
      }
    },
    async consume(digest) {
      reach();
      const found = store.transactions.get(digest);
      store.transactions.delete(digest);
      return found;
    },
    async create(session, most) {
      reach();
      const own = newest({ login: session.login }).slice(most - 1);
      for (const { id } of own) store.all.delete(id);
      store.all.set(session.id, session);
      return own;
    },
    async byDigest(digest) {
      reach();
      return [...store.all.values()].find((session) => session.digest === digest);
    },
    async byId(id) {
      reach();
      return store.all.get(id);
    },
    async list(filter, limit) {
      reach();
      return newest(filter).slice(0, limit);
    },
    async seen(id, at) {
      reach();
      const session = store.all.get(id);
      if (session !== undefined && session.lastSeenAt < at) store.all.set(id, { ...session, lastSeenAt: at });
    },
    async setGroups(id, groups, asOf) {
      reach();
      const session = store.all.get(id);
      if (session !== undefined && session.groupsAsOf <= asOf)
        store.all.set(id, { ...session, groups, groupsAsOf: asOf });
    },
    async end(id) {
      reach();
      return store.all.delete(id);
    },
    async endAll(filter) {
      reach();
      if (Object.keys(filter).length === 0) return [];
      const ended = newest(filter);
      for (const { id } of ended) store.all.delete(id);
      return ended;
    },
    async forget(now, idleSince) {
      reach();
      const over = newest({}).filter(({ endsAt, lastSeenAt }) => endsAt <= now || lastSeenAt < idleSince);
      for (const { id } of over) store.all.delete(id);
      return over;
    },
    async use(kind, id, until) {
      reach();
      const key = `${kind} ${id}`;
      if (used.has(key)) return false;
      used.set(key, until);
      return true;
    },
    async mark(kind, id, until) {
      reach();
      const key = `${kind} ${id}`;
      used.set(key, Math.max(until, used.get(key) ?? 0));
    },
    async marked(kind, id) {
      reach();
      return used.get(`${kind} ${id}`);
    },
  };
  function newest(filter: SessionFilter): BrowserSession[] {
    return [...store.all.values()].filter(matches(filter)).toSorted((a, b) => b.signedInAt - a.signedInAt);
  }
  function reach(): void {
    if (store.broken) throw new Error("the store is away");
  }
  return store;
}
