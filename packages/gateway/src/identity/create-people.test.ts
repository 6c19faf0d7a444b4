import { beforeEach, describe, expect, it } from "vitest";
import { fakeClock, type FakeClock } from "@mayfly/testing/fake-clock.ts";
import { MayflyError } from "../kernel/errors.ts";
import { memoryStore, type MemoryStore } from "./browser-sessions/testing/memory-store.ts";
import { createPeople, type ManagedPeople } from "./create-people.ts";
import type { RulesOfPeople } from "./people-options.ts";
import type { SignInDone } from "./people.ts";
import type { Verified } from "./principal.ts";
import { newBrowserSecret } from "./sign-in/secrets.ts";
import { stubProvider, type StubProvider } from "./sign-in/testing/stub-provider.ts";

const minute = 60_000;
const hour = 60 * minute;
const rita = "rita@example.com";

let clock: FakeClock;
let store: MemoryStore;
let oidc: StubProvider;
let saml: StubProvider;
let ended: string[];
let people: ManagedPeople;

function rules(more: Partial<RulesOfPeople> = {}): RulesOfPeople {
  return {
    digest: "sha256:one",
    providers: [oidc, saml],
    roles: { reviewer: ["support-leads"], operator: ["platform"], auditor: [] },
    limits: { idle: 30 * minute, absolute: 8 * hour },
    groupsMaxAge: 15 * minute,
    ...more,
  };
}

function gateway(more: Partial<RulesOfPeople> = {}): ManagedPeople {
  return createPeople({
    store,
    clock,
    rules: rules(more),
    onEnded: ({ session, reason }) => void ended.push(`${session.login}: ${reason}`),
  });
}

beforeEach(() => {
  clock = fakeClock();
  store = memoryStore();
  oidc = stubProvider(() => clock.wall());
  saml = stubProvider(() => clock.wall(), "saml");
  oidc.groups.set(rita, ["support-leads"]);
  saml.groups.set(rita, ["support-leads"]);
  ended = [];
  people = gateway();
});

interface Browser {
  binding?: string;
  cookie?: string;
}

/** Begins; gives the handle and what the browser keeps. */
async function begin(
  browser: Browser,
  more: { fresh?: number; method?: "oidc" | "saml"; returnTo?: string } = {},
): Promise<string> {
  const { method = "oidc", returnTo = "/inbox", ...rest } = more;
  const begun = await people.begin(method, {
    returnTo,
    binding: browser.binding,
    cookie: browser.cookie,
    ...rest,
  });
  browser.binding = begun.binding;
  return new URL(begun.redirect).searchParams.get("state") ?? "";
}

function finish(
  browser: Browser,
  handle: string | undefined,
  more: { login?: string; method?: "oidc" | "saml"; record?: () => Promise<void> } = {},
): Promise<SignInDone> {
  const { login = rita, method = "oidc", record = async () => {} } = more;
  const name = method === "oidc" ? "state" : "RelayState";
  return people.finish(
    method,
    { code: login, ...(handle === undefined ? {} : { [name]: handle }) },
    { binding: browser.binding, cookie: browser.cookie, address: "10.0.0.1", name: "Firefox" },
    record,
  );
}

async function signIn(
  browser: Browser = {},
  login = rita,
  method: "oidc" | "saml" = "oidc",
): Promise<SignInDone> {
  const done = await finish(browser, await begin(browser, { method }), { login, method });
  browser.cookie = done.cookie;
  return done;
}

async function codeOf(doing: Promise<unknown>): Promise<string> {
  const thrown: unknown = await doing.then(
    () => undefined,
    (error: unknown) => error,
  );
  return thrown === undefined ? "done" : thrown instanceof MayflyError ? thrown.code : "another error";
}

const isIn = async (cookie: string): Promise<boolean> =>
  (await people.authenticate(cookie, true)) !== undefined;

describe("a sign-in", () => {
  it("makes a person of whom the provider vouches for, with roles from the groups", async () => {
    const { session, verified, cookie, returnTo } = await signIn();
    expect(returnTo).toBe("/inbox");
    expect(verified).toEqual({
      principal: {
        kind: "person",
        issuer: "https://okta.test",
        subject: rita,
        uid: session.providerSubject,
        client: "mayfly-console",
        name: rita,
        groups: ["support-leads"],
        groupsFrom: "token",
        groupsAsOf: clock.wall(),
        actors: [],
        roles: ["reviewer"],
      },
      tokenDigest: session.digest,
      expiresAt: clock.wall() + 8 * hour,
      authenticatedAt: clock.wall(),
      groupsAsOf: clock.wall(),
      session: session.id,
    });
    expect((await people.authenticate(cookie, true))?.verified).toEqual(verified);
  });

  it("leaves no secret in the store: not the cookie, not the handle, not the binding", async () => {
    const browser: Browser = {};
    const handle = await begin(browser);
    const kept = JSON.stringify([...store.transactions.values()]);
    const { cookie } = await finish(browser, handle);
    const sessions = JSON.stringify([...store.all.values()]);
    for (const secret of [handle, browser.binding ?? "", cookie]) {
      expect(secret).toHaveLength(43);
      expect(kept + sessions).not.toContain(secret);
    }
  });

  it("is good for once, also when two come at once", async () => {
    const browser: Browser = {};
    const handle = await begin(browser);
    const outcomes = await Promise.all([1, 2, 3].map(() => codeOf(finish(browser, handle))));
    expect(outcomes.toSorted()).toEqual(["done", "expired", "expired"]);
    expect(await codeOf(finish(browser, handle))).toBe("expired");
  });

  it("is refused in another browser, as in login CSRF, and is over then", async () => {
    const attacker: Browser = {};
    const handle = await begin(attacker);
    const victim: Browser = {};
    await begin(victim);
    expect(await codeOf(finish(victim, handle))).toBe("other_browser");
    expect(await codeOf(finish({}, await begin(attacker)))).toBe("other_browser");
    expect(await codeOf(finish(attacker, handle))).toBe("expired");
  });

  it("is refused when nothing here began it, or the other way did", async () => {
    const browser: Browser = {};
    expect(await codeOf(finish(browser, newBrowserSecret()))).toBe("expired");
    const handle = await begin(browser, { method: "saml" });
    expect(await codeOf(finish(browser, handle, { method: "oidc" }))).toBe("expired");
  });

  it.each([
    ["on both clocks", () => clock.advance(10 * minute)],
    [
      "when the wall clock was stepped back meanwhile",
      () => {
        clock.stepWall(-5 * minute + 31_000);
        clock.advance(10 * minute);
      },
    ],
    ["when the wall clock jumps ahead", () => clock.stepWall(10 * minute)],
    ["when it seems to come from the future", () => clock.stepWall(-minute)],
  ])("is over after ten minutes, %s", async (_, pass) => {
    const browser: Browser = {};
    const handle = await begin(browser);
    pass();
    expect(await codeOf(finish(browser, handle))).toBe("expired");
  });

  it("is finished by another gateway of the store too", async () => {
    const browser: Browser = {};
    const handle = await begin(browser);
    people = gateway();
    await expect(finish(browser, handle)).resolves.toMatchObject({ returnTo: "/inbox" });
  });

  it("may run in two tabs of one browser", async () => {
    const browser: Browser = {};
    const first = await begin(browser, { returnTo: "/a" });
    const second = await begin(browser, { returnTo: "/b" });
    expect((await finish(browser, first)).returnTo).toBe("/a");
    expect((await finish(browser, second)).returnTo).toBe("/b");
  });

  it("signs nobody in that could not be recorded", async () => {
    const browser: Browser = {};
    const handle = await begin(browser);
    const record = (): Promise<void> => Promise.reject(new MayflyError("not_recorded", "disk full"));
    expect(await codeOf(finish(browser, handle, { record }))).toBe("not_recorded");
    expect(store.all.size).toBe(0);
  });

  it("signs nobody in while the provider is away, or when it refuses", async () => {
    const browser: Browser = {};
    const handle = await begin(browser);
    oidc.state = "away";
    expect(await codeOf(finish(browser, handle))).toBe("provider_away");
    expect(await codeOf(begin(browser))).toBe("provider_away");
    expect(store.all.size).toBe(0);
    expect(store.transactions.size).toBe(0);
  });

  it("is refused when the proof is older than was asked for, whatever the provider checked", async () => {
    const browser: Browser = {};
    const handle = await begin(browser, { fresh: 10 * minute });
    Object.assign(oidc.extra, { authenticatedAt: clock.wall() - 11 * minute });
    expect(await codeOf(finish(browser, handle))).toBe("not_fresh");
    Object.assign(oidc.extra, { authenticatedAt: undefined });
    expect(await codeOf(finish(browser, await begin(browser, { fresh: 10 * minute })))).toBe("not_fresh");
  });

  it("never takes a session's value from the browser (fixation), and ends the one it had", async () => {
    const planted = newBrowserSecret();
    const browser: Browser = { cookie: planted };
    const first = await signIn(browser);
    expect(first.cookie).not.toBe(planted);
    expect(await isIn(planted)).toBe(false);
    const second = await signIn(browser);
    expect(second.ended).toEqual([first.session.id]);
    expect(await isIn(first.cookie)).toBe(false);
    expect(await isIn(second.cookie)).toBe(true);
    expect(ended).toEqual([`${rita}: signed in again in the same browser`]);
  });

  it("ends the session it had also where the answer comes without its cookie, as SAML's does", async () => {
    const browser: Browser = {};
    const first = await signIn(browser);
    const handle = await begin(browser, { method: "saml" });
    const second = await finish({ ...browser, cookie: "" }, handle, { method: "saml" });
    expect(second.ended).toEqual([first.session.id]);
  });

  it("keeps no more than 16 sessions of a person", async () => {
    const first = await signIn();
    for (let i = 0; i < 16; i += 1) {
      clock.advance(1000);
      await (i % 2 === 0 ? signIn() : signIn({}, rita.toUpperCase(), "saml"));
    }
    expect(store.all.size).toBe(16);
    expect(await isIn(first.cookie)).toBe(false);
  });

  it("ends when the provider wants it to", async () => {
    Object.assign(saml.extra, { endsBy: clock.wall() + hour });
    const { session } = await signIn({}, rita, "saml");
    expect(session.endsAt).toBe(clock.wall() + hour);
    Object.assign(saml.extra, { endsBy: clock.wall() });
    const browser: Browser = {};
    expect(await codeOf(finish(browser, await begin(browser, { method: "saml" }), { method: "saml" }))).toBe(
      "not_verified",
    );
  });

  it("is refused by a way that is not configured", async () => {
    people = gateway({ providers: [] });
    expect(people.methods).toEqual([]);
    expect(await codeOf(begin({}))).toBe("not_configured");
    expect(await codeOf(finish({}, undefined))).toBe("not_configured");
  });
});

describe("a session", () => {
  it("is over when it is not used for too long", async () => {
    const { cookie } = await signIn();
    clock.advance(29 * minute);
    expect(await isIn(cookie)).toBe(true);
    clock.advance(29 * minute);
    expect(await isIn(cookie)).toBe(true);
    clock.advance(30 * minute);
    expect(await isIn(cookie)).toBe(false);
    expect(ended).toEqual([`${rita}: it was not used for too long`]);
  });

  it("is not kept alive by looks that are no use of it", async () => {
    const { cookie } = await signIn();
    clock.advance(20 * minute);
    expect(await people.authenticate(cookie, false)).toBeDefined();
    clock.advance(10 * minute);
    expect(await people.authenticate(cookie, false)).toBeUndefined();
  });

  it("is over in the end, however much it is used", async () => {
    const { cookie } = await signIn();
    for (let passed = 0; passed < 8 * hour; passed += 20 * minute) {
      expect(await isIn(cookie)).toBe(true);
      clock.advance(20 * minute);
    }
    expect(await isIn(cookie)).toBe(false);
    expect(ended).toEqual([`${rita}: its time was over`]);
  });

  it.each([
    ["a little", -20_000],
    ["much", -3 * hour],
  ])("gets no longer by a wall clock stepped back %s", async (_, step) => {
    const idle = await signIn();
    clock.stepWall(step);
    clock.advance(30 * minute);
    expect(await isIn(idle.cookie)).toBe(false);
  });

  it("is not stretched by a step back while no gateway ran", async () => {
    const { cookie } = await signIn();
    clock.stepWall(-7 * hour);
    people = gateway();
    expect(await isIn(cookie)).toBe(false);
  });

  it("is known to another gateway, and its use there counts here", async () => {
    const { cookie } = await signIn();
    const other = gateway();
    clock.advance(20 * minute);
    expect(await other.authenticate(cookie, true)).toBeDefined();
    clock.advance(20 * minute);
    expect(await isIn(cookie)).toBe(true);
  });

  it("is not found by what is no cookie of ours, nor by its digest", async () => {
    const { session, cookie } = await signIn();
    for (const value of ["", "x", session.digest, session.id, `${cookie}=`, `${cookie} `, cookie.slice(1)]) {
      expect(await isIn(value)).toBe(false);
    }
    // The last character has unused bits: only its one canonical form counts.
    const last = cookie.at(-1) ?? "";
    const twin = `${cookie.slice(0, -1)}${String.fromCodePoint((last.codePointAt(0) ?? 0) + 1)}`;
    expect(await isIn(twin)).toBe(false);
  });

  it("ends everywhere at once, for one person", async () => {
    const mine = [await signIn(), await signIn()];
    const other = await signIn({}, "olaf@example.com");
    // By another way, from another issuer, and written in another way: the same person.
    Object.assign(saml.extra, { issuer: "https://okta.test/saml" });
    mine.push(await signIn({}, "Rita@Example.com", "saml"));
    expect((await people.sessions({ issuer: "x", subject: rita })).map(({ id }) => id).toSorted()).toEqual(
      mine.map(({ session }) => session.id).toSorted(),
    );
    await people.endAll({ issuer: "x", subject: rita }, "signed out everywhere");
    expect(await Promise.all([...mine, other].map(({ cookie }) => isIn(cookie)))).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  it("ends when people are configured anew, here, in another gateway and after a restart", async () => {
    const { cookie } = await signIn();
    const other = gateway({ digest: "sha256:two" });
    await people.adopt(rules({ digest: "sha256:one", roles: { reviewer: [], operator: [], auditor: [] } }));
    expect((await people.authenticate(cookie, true))?.verified.principal.roles).toEqual([]);
    expect(await other.authenticate(cookie, true)).toBeUndefined();
    const again = await signIn();
    await people.adopt(rules({ digest: "sha256:two" }));
    expect(await isIn(again.cookie)).toBe(false);
    expect(ended.at(-1)).toBe(`${rita}: how people sign in was configured anew`);
  });

  it("is refused while the store is away", async () => {
    const { cookie } = await signIn();
    store.broken = true;
    await expect(people.authenticate(cookie, true)).rejects.toThrow("away");
  });

  it("has a csrf of its own, which its cookie gives and nothing stored does", async () => {
    const one = await signIn();
    const two = await signIn();
    const csrf = (await people.authenticate(one.cookie, true))?.csrf;
    expect(csrf).toHaveLength(43);
    expect(csrf).not.toBe((await people.authenticate(two.cookie, true))?.csrf);
    expect(JSON.stringify([...store.all.values()])).not.toContain(csrf);
  });
});

describe("the groups of now", () => {
  it("come from the provider, and take a role away at once", async () => {
    const { verified, cookie } = await signIn();
    oidc.groups.set(rita, ["others"]);
    clock.advance(1000);
    const now = await people.current(verified);
    expect([now.principal.groups, now.principal.roles, now.groupsAsOf]).toEqual([
      ["others"],
      [],
      clock.wall(),
    ]);
    expect((await people.authenticate(cookie, true))?.verified.principal.roles).toEqual([]);
  });

  it("are asked for again while the session is used, once they are too old, and not over and over", async () => {
    const { cookie } = await signIn();
    const settle = async (): Promise<void> => {
      for (let i = 0; i < 20; i += 1) await Promise.resolve();
    };
    const rolesNow = async (): Promise<readonly string[] | undefined> =>
      (await people.authenticate(cookie, true))?.verified.principal.roles;
    oidc.groups.set(rita, ["others"]);
    clock.advance(15 * minute);
    expect(await rolesNow()).toEqual(["reviewer"]);
    clock.advance(1);
    await rolesNow();
    await settle();
    expect(await rolesNow()).toEqual([]);
    oidc.state = "away";
    clock.advance(15 * minute + 1);
    for (let i = 0; i < 5; i += 1) {
      expect(await rolesNow()).toEqual([]);
      await settle();
    }
    expect(oidc.asked).toHaveLength(2);
    oidc.state = "forgot";
    clock.advance(minute);
    await rolesNow();
    await settle();
    expect(await isIn(cookie)).toBe(false);
  });

  it("are asked for once by those who ask at one time", async () => {
    const { verified } = await signIn();
    await Promise.all([people.current(verified), people.current(verified), people.current(verified)]);
    expect(oidc.asked).toEqual([rita]);
  });

  it("are not to be had while the provider is away: nothing is decided", async () => {
    const { verified } = await signIn();
    oidc.state = "away";
    await expect(people.current(verified)).rejects.toMatchObject({ code: "provider_away", status: 503 });
    oidc.state = "up";
    await expect(people.current(verified)).resolves.toBeDefined();
  });

  it("end the session when the provider does not know the person any more", async () => {
    const { verified, cookie } = await signIn();
    oidc.state = "forgot";
    expect(await codeOf(people.current(verified))).toBe("sign_in_again");
    expect(await isIn(cookie)).toBe(false);
  });

  it("are as old as the sign-in where the provider cannot be asked: then the person signs in again", async () => {
    const { verified } = await signIn({}, rita, "saml");
    clock.advance(15 * minute);
    await expect(people.current(verified)).resolves.toMatchObject({ groupsAsOf: clock.wall() - 15 * minute });
    clock.advance(1);
    expect(await codeOf(people.current(verified))).toBe("sign_in_again");
  });

  it("are not asked with tokens that another gateway, or one before a restart, had", async () => {
    const { verified } = await signIn();
    people = gateway();
    await expect(people.current(verified)).resolves.toBeDefined();
    expect(oidc.asked).toEqual([]);
    clock.advance(16 * minute);
    expect(await codeOf(people.current(verified))).toBe("sign_in_again");
  });

  it("are those of a token while it is young, and stale after", async () => {
    const token: Verified = { ...(await signIn()).verified, tokenDigest: "t" };
    const { session: _, ...bearer } = token;
    await expect(people.current(bearer)).resolves.toBe(bearer);
    clock.advance(15 * minute + 1);
    await expect(people.current(bearer)).rejects.toMatchObject({ code: "token_stale", status: 401 });
    clock.stepWall(-hour);
    expect(await codeOf(people.current(bearer))).toBe("token_stale");
  });

  it("are refused for a session that is over, or another's", async () => {
    const one = await signIn();
    const two = await signIn();
    expect(await codeOf(people.current({ ...one.verified, session: two.session.id }))).toBe("sign_in_again");
    await people.end(one.session.id, "signed out");
    expect(await codeOf(people.current(one.verified))).toBe("sign_in_again");
  });
});

describe("back-channel logout", () => {
  it("ends the session that it names, by sid or by person, once a token", async () => {
    Object.assign(oidc.extra, { providerSession: "sid-1" });
    const one = await signIn();
    Object.assign(oidc.extra, { providerSession: "sid-2" });
    const two = await signIn();
    await people.backChannelLogout(`jti-1 00u-${rita} sid-1`);
    expect([await isIn(one.cookie), await isIn(two.cookie)]).toEqual([false, true]);
    expect(await codeOf(people.backChannelLogout(`jti-1 00u-${rita}`))).toBe("not_verified");
    expect(await isIn(two.cookie)).toBe(true);
    await people.backChannelLogout(`jti-2 00u-${rita}`);
    expect(await isIn(two.cookie)).toBe(false);
    expect(ended).toEqual([
      `${rita}: the identity provider ended it`,
      `${rita}: the identity provider ended it`,
    ]);
  });

  it.each([["sid-1"], [""]])(
    "ends a sign-in that it overtook: it came while the code was being redeemed (%j)",
    async (sid) => {
      Object.assign(oidc.extra, { providerSession: "sid-1" });
      const browser: Browser = {};
      const handle = await begin(browser);
      // Through another gateway of the same store.
      const other = gateway();
      const record = (): Promise<void> =>
        other.backChannelLogout(`jti-1 00u-${rita} ${sid}`.trim()).then((gone) => expect(gone).toEqual([]));
      expect(await codeOf(finish(browser, handle, { record }))).toBe("expired");
      expect(store.all.size).toBe(0);
      expect(ended).toEqual([`${rita}: the identity provider ended it`]);
      // What begins afterwards is another sign-in.
      clock.advance(1);
      Object.assign(oidc.extra, { providerSession: "sid-2" });
      expect(await isIn((await signIn(browser)).cookie)).toBe(true);
      other.close();
    },
  );

  it("leaves a sign-in alone when somebody else's was ended meanwhile", async () => {
    Object.assign(oidc.extra, { providerSession: "sid-1" });
    const browser: Browser = {};
    const handle = await begin(browser);
    await people.backChannelLogout(`jti-1 00u-somebody`);
    await people.backChannelLogout(`jti-2 00u-somebody sid-1`);
    await people.backChannelLogout(`jti-3 00u-${rita} sid-2`);
    expect(await isIn((await finish(browser, handle)).cookie)).toBe(true);
  });

  it("ends nothing by a forged token, or one for another's session", async () => {
    Object.assign(oidc.extra, { providerSession: "sid-1" });
    const { cookie } = await signIn();
    expect(await codeOf(people.backChannelLogout(`forged 00u-${rita}`))).toBe("not_verified");
    await people.backChannelLogout(`jti-1 00u-somebody sid-1`);
    expect(await isIn(cookie)).toBe(true);
  });

  it("is not there without a provider that has it", async () => {
    people = gateway({ providers: [] });
    expect(await codeOf(people.backChannelLogout("jti sub"))).toBe("not_configured");
  });
});

describe("a watch", () => {
  it("tells at once when the session is ended, and once", async () => {
    const { verified, session } = await signIn();
    const told: string[] = [];
    people.watch(verified, (reason) => void told.push(reason));
    const stop = people.watch(verified, (reason) => void told.push(`not ${reason}`));
    stop();
    await people.end(session.id, "signed out");
    await people.end(session.id, "signed out");
    expect(told).toEqual(["signed out"]);
  });

  it("tells when another gateway ended it, when it ran out, and when the store is away", async () => {
    const settle = async (): Promise<void> => {
      for (let i = 0; i < 10; i += 1) await Promise.resolve();
    };
    const told: string[] = [];
    const one = await signIn();
    people.watch(one.verified, (reason) => void told.push(reason));
    await gateway().end(one.session.id, "signed out");
    clock.advance(5000);
    await settle();
    expect(told).toEqual(["the browser session is over"]);
    const two = await signIn();
    people.watch(two.verified, (reason) => void told.push(reason));
    for (let passed = 0; passed < 30 * minute; passed += 5000) {
      clock.advance(5000);
      await settle();
    }
    expect(told).toHaveLength(2);
    const three = await signIn();
    people.watch(three.verified, (reason) => void told.push(reason));
    store.broken = true;
    clock.advance(5000);
    await settle();
    expect(told.at(-1)).toBe("the browser session could not be verified");
  });

  it("tells when a token expires, on either clock", async () => {
    const { session: _, ...bearer } = (await signIn()).verified;
    const told: string[] = [];
    people.watch({ ...bearer, expiresAt: clock.wall() + minute }, (reason) => void told.push(reason));
    clock.advance(minute);
    expect(told).toEqual(["the access token expired"]);
  });
});
