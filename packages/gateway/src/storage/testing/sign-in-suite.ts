import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BrowserSession, SignInTransaction } from "../../identity/browser-sessions/store.ts";
import type { Store } from "../store.ts";

const t = 1_700_000_000_000;

function transaction(digest: string, more: Partial<SignInTransaction> = {}): SignInTransaction {
  return {
    digest,
    binding: "b".repeat(64),
    method: "oidc",
    returnTo: "/inbox",
    keep: { request: "_1" },
    beganAt: t,
    expiresAt: t + 600_000,
    ...more,
  };
}

function session(id: string, more: Partial<BrowserSession> = {}): BrowserSession {
  return {
    id,
    digest: `digest of ${id}`,
    method: "oidc",
    issuer: "https://okta.example",
    login: "rita@example.com",
    providerSubject: "00urita",
    rules: "sha256:now",
    groups: ["support-leads"],
    groupsAsOf: t,
    signedInAt: t,
    lastSeenAt: t,
    endsAt: t + 28_800_000,
    address: "10.0.0.1",
    browser: "Firefox",
    ...more,
  };
}

/** What every store must do for sign-in; run on each kind. */
export function signInSuite(kind: string, open: () => Promise<Store>, closeAll: () => Promise<void>): void {
  describe(`sign-in in the ${kind} store`, () => {
    let store: Store;
    let number = 0;
    const name = (what: string): string => `${what}_${(number += 1)}`;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(async () => {
      await store.close();
      await closeAll();
    });

    it("gives a sign-in back once, however many ask at once", async () => {
      const begun = transaction(name("tx"), { fresh: 600_000 });
      await store.browserSessions.begin(begun, 100);
      const taken = await Promise.all(
        Array.from({ length: 8 }, () => store.browserSessions.consume(begun.digest)),
      );
      expect(taken.filter((one) => one !== undefined)).toEqual([begun]);
      expect(await store.browserSessions.consume("unknown")).toBeUndefined();
    });

    it("keeps no more sign-ins than it may, and forgets what is over", async () => {
      const digests = [name("tx"), name("tx"), name("tx")];
      for (const [index, digest] of digests.entries()) {
        await store.browserSessions.begin(transaction(digest, { expiresAt: t + 600_000 + index }), 2);
      }
      expect(await store.browserSessions.consume(digests[0] ?? "")).toBeUndefined();
      const late = t + 600_001;
      await store.browserSessions.begin(transaction(name("tx"), { beganAt: late, expiresAt: late + 1 }), 100);
      expect(await store.browserSessions.consume(digests[1] ?? "")).toBeUndefined();
      expect(await store.browserSessions.consume(digests[2] ?? "")).toMatchObject({ digest: digests[2] });
    });

    it("gives back a session as it was kept", async () => {
      const kept = session(name("bs"), {
        providerSession: "sid",
        authenticatedAt: t - 5,
        displayName: "Rita",
      });
      expect(await store.browserSessions.create(kept, 16)).toEqual([]);
      expect(await store.browserSessions.byDigest(kept.digest)).toEqual(kept);
      expect(await store.browserSessions.byId(kept.id)).toEqual(kept);
      expect(await store.browserSessions.byDigest("unknown")).toBeUndefined();
      expect(await store.browserSessions.end(kept.id)).toBe(true);
      expect(await store.browserSessions.end(kept.id)).toBe(false);
      expect(await store.browserSessions.byDigest(kept.digest)).toBeUndefined();
    });

    it("ends a person's oldest session when there are too many, and nobody else's", async () => {
      const login = name("login");
      const other = session(name("bs"), { login: name("login"), signedInAt: t - 9 });
      await store.browserSessions.create(other, 2);
      const own = [0, 1, 2].map((age) => session(name("bs"), { login, signedInAt: t + age }));
      const ended: string[] = [];
      for (const one of own) {
        ended.push(...(await store.browserSessions.create(one, 2)).map(({ id }) => id));
      }
      expect(ended).toEqual([own[0]?.id]);
      const left = await store.browserSessions.list({ login }, 10);
      expect(left.map(({ id }) => id)).toEqual([own[2]?.id, own[1]?.id]);
      expect(await store.browserSessions.byId(other.id)).toEqual(other);
    });

    it("takes a login for one person whatever the issuer, the way and the case", async () => {
      const login = name("Login");
      const saml = session(name("bs"), { login: login.toUpperCase(), issuer: "urn:saml", method: "saml" });
      const oidc = session(name("bs"), { login, signedInAt: t + 1 });
      const other = session(name("bs"), { login: `${login}x` });
      await store.browserSessions.create(other, 16);
      await store.browserSessions.create(saml, 16);
      expect((await store.browserSessions.create(oidc, 1)).map(({ id }) => id)).toEqual([saml.id]);
      await store.browserSessions.create(saml, 16);
      const ids = (found: readonly BrowserSession[]): string[] => found.map(({ id }) => id);
      expect(ids(await store.browserSessions.list({ login }, 10))).toEqual([oidc.id, saml.id]);
      expect(ids(await store.browserSessions.endAll({ login: login.toLowerCase() })).toSorted()).toEqual(
        [oidc.id, saml.id].toSorted(),
      );
      expect(await store.browserSessions.byId(other.id)).toEqual(other);
    });

    it("moves a session's use ahead alone, and its groups by the newer answer alone", async () => {
      const kept = session(name("bs"));
      await store.browserSessions.create(kept, 16);
      await store.browserSessions.seen(kept.id, t + 50);
      await store.browserSessions.seen(kept.id, t + 20);
      await store.browserSessions.setGroups(kept.id, ["new"], t + 50);
      await store.browserSessions.setGroups(kept.id, ["old"], t + 20);
      expect(await store.browserSessions.byId(kept.id)).toMatchObject({
        lastSeenAt: t + 50,
        groups: ["new"],
        groupsAsOf: t + 50,
      });
    });

    it("ends all that match, and nothing when nothing is said", async () => {
      const issuer = name("issuer");
      const a = session(name("bs"), { issuer, providerSubject: "a", providerSession: "1" });
      const b = session(name("bs"), { issuer, providerSubject: "a", providerSession: "2", login: "b" });
      const c = session(name("bs"), { issuer, providerSubject: "c", login: "c", rules: "sha256:before" });
      for (const one of [a, b, c]) await store.browserSessions.create(one, 16);
      const ids = async (filter: object): Promise<string[]> =>
        (await store.browserSessions.endAll(filter)).map(({ id }) => id).toSorted();
      expect(await ids({})).toEqual([]);
      expect(await ids({ issuer, providerSubject: "c", providerSession: "1" })).toEqual([]);
      expect(await ids({ issuer, providerSession: "1" })).toEqual([a.id]);
      expect(await ids({ issuer, providerSubject: "a" })).toEqual([b.id]);
      expect(await ids({ issuer, otherRulesThan: "sha256:now" })).toEqual([c.id]);
      expect(await store.browserSessions.list({ issuer }, 10)).toEqual([]);
    });

    it("forgets sessions that are over or idle", async () => {
      const issuer = name("issuer");
      const over = session(name("bs"), { issuer, endsAt: t + 10 });
      const idle = session(name("bs"), { issuer, lastSeenAt: t - 100 });
      const good = session(name("bs"), { issuer });
      for (const one of [over, idle, good]) await store.browserSessions.create(one, 16);
      const forgotten = await store.browserSessions.forget(t + 10, t - 50);
      expect(forgotten.map(({ id }) => id).toSorted()).toEqual([over.id, idle.id].toSorted());
      expect((await store.browserSessions.list({ issuer }, 10)).map(({ id }) => id)).toEqual([good.id]);
    });

    it("lets an id be used once, however many try at once, until it is forgotten", async () => {
      const id = name("jti").repeat(500);
      const first = await Promise.all(
        Array.from({ length: 8 }, () => store.browserSessions.use("logout", id, t + 100)),
      );
      expect(first.filter(Boolean)).toEqual([true]);
      expect(await store.browserSessions.use("saml", id, t + 100)).toBe(true);
      await store.browserSessions.forget(t + 99, 0);
      expect(await store.browserSessions.use("logout", id, t + 100)).toBe(false);
      await store.browserSessions.forget(t + 100, 0);
      expect(await store.browserSessions.use("logout", id, t + 300)).toBe(true);
    });

    it("remembers a mark for as long as the longest that was asked for", async () => {
      const id = name("sid").repeat(500);
      const marked = (): Promise<number | undefined> => store.browserSessions.marked("logged-out", id);
      expect(await marked()).toBeUndefined();
      for (const until of [t + 100, t + 300, t + 200])
        await store.browserSessions.mark("logged-out", id, until);
      expect(await marked()).toBe(t + 300);
      expect(await store.browserSessions.marked("other", id)).toBeUndefined();
      await store.browserSessions.forget(t + 300, 0);
      expect(await marked()).toBeUndefined();
    });
  });
}
