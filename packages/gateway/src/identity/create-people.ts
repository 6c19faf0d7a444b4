import { remaining, deadlineAt } from "../kernel/clock.ts";
import type { Clock } from "../kernel/clock.ts";
import { MayflyError } from "../kernel/errors.ts";
import { SignInAgain } from "../kernel/sign-in-again.ts";
import { sessionEnds } from "./browser-sessions/limits.ts";
import type { SessionEnds, SessionLimits } from "./browser-sessions/limits.ts";
import { groupsNow } from "./browser-sessions/groups-now.ts";
import { logouts } from "./browser-sessions/logouts.ts";
import { newSession } from "./browser-sessions/new-session.ts";
import { csrfOf, verifiedOf } from "./browser-sessions/principal.ts";
import type { BrowserSession, BrowserSessionStore } from "./browser-sessions/store.ts";
import { sessionWatches } from "./browser-sessions/watches.ts";
import { skew } from "./check.ts";
import type { People, SessionEnd } from "./people.ts";
import { isRecent } from "./recent.ts";
import { rolesOf } from "./principal-from-claims.ts";
import type { PeopleRules as RoleRules } from "./principal-from-claims.ts";
import type { SignInMethod, SignInProvider, SignedIn } from "./sign-in/provider.ts";
import { SignInRefused } from "./sign-in/refusals.ts";
import { digestOfSecret, isBrowserSecret } from "./sign-in/secrets.ts";
import { transactions } from "./sign-in/transactions.ts";

/** What the configuration says about people; replaced whole at a reload. */
export interface RulesOfPeople {
  /** Digest of all that a browser session depends on: sessions of another one are over. */
  readonly digest: string;
  readonly providers: readonly SignInProvider[];
  readonly roles: RoleRules["roles"];
  readonly limits: SessionLimits;
  /** How old groups may be where the provider cannot be asked, milliseconds. */
  readonly groupsMaxAge: number;
}

export interface PeopleOptions {
  readonly store: BrowserSessionStore;
  readonly clock: Clock;
  readonly rules: RulesOfPeople;
  /** Told of every session that ends before its time, for its record. Must not throw. */
  readonly onEnded?: (end: SessionEnd) => void;
  /** Told of what fails beside the way, for the operator. */
  readonly fault?: (error: unknown) => void;
}

/** People as `main` holds them. */
export interface ManagedPeople extends People {
  /** Puts other rules in force and ends the sessions that were made under the ones before. */
  adopt(rules: RulesOfPeople): Promise<void>;
  /** Stops timers. */
  close(): void;
}

/** Why a session ended, where the provider said so. */
const endedByProvider = "the identity provider ended it";
/** Sessions one person may have at a time; the oldest gives way. */
const perPerson = 16;
/** Sessions a list shows. */
const longestList = 1000;
/** A session's use is written at most this often, milliseconds. */
const seenEvery = 15_000;
/** How often what is over is forgotten, milliseconds. */
const forgetEvery = 300_000;

/** Makes the people of a gateway: see `People`. */
export function createPeople(options: PeopleOptions): ManagedPeople {
  const { store, clock } = options;
  let { rules } = options;
  let ends: SessionEnds = sessionEnds(clock, rules.limits);
  const under = transactions(store, clock);
  const loggedOut = logouts(store, clock);
  const fault = (error: unknown): void => options.fault?.(error);
  const watches = sessionWatches(clock, async (digest) => {
    const session = await store.byDigest(digest);
    return session === undefined || session.rules !== rules.digest ? 0 : ends.remaining(session);
  });

  const providerOf = (method: SignInMethod): SignInProvider => {
    const provider = rules.providers.find((one) => one.method === method);
    if (provider === undefined) throw new SignInRefused("not_configured", method);
    return provider;
  };

  /** What has to be done for a session that the store does not hold any more. */
  function over(session: BrowserSession, reason: string): void {
    groups.forget(session.id);
    ends.forget(session.id);
    watches.end(session.digest, reason);
    options.onEnded?.({ session, reason });
  }

  async function endOne(session: BrowserSession, reason: string): Promise<boolean> {
    const ended = await store.end(session.id);
    if (ended) over(session, reason);
    return ended;
  }

  const groups = groupsNow({ store, clock, maxAge: () => rules.groupsMaxAge, end: endOne });

  const outOfTime = (session: BrowserSession): string =>
    ends.remainingAtAll(session) > 0 ? "it was not used for too long" : "its time was over";

  /** The session if it is still good; one that is over is ended on the way. */
  async function good(session: BrowserSession | undefined): Promise<BrowserSession | undefined> {
    if (session === undefined) return undefined;
    if (session.rules !== rules.digest) {
      await endOne(session, "how people sign in was configured anew");
      return undefined;
    }
    if (ends.remaining(session) > 0) return session;
    await endOne(session, outOfTime(session));
    return undefined;
  }

  /** The sessions that the browser had. */
  async function heldBefore(cookie: string | undefined, id: string | undefined): Promise<BrowserSession[]> {
    const found = [
      isBrowserSecret(cookie) ? await store.byDigest(digestOfSecret(cookie)) : undefined,
      id === undefined ? undefined : await store.byId(id),
    ];
    return found.filter((session) => session !== undefined);
  }

  const people: ManagedPeople = {
    get methods() {
      return rules.providers.map(({ method, label }) => ({ method, label }));
    },

    begin: async (method, more) => under.begin(providerOf(method), more),

    async finish(method, parameters, browser, record) {
      const provider = providerOf(method);
      const handle = parameters[method === "oidc" ? "state" : "RelayState"];
      // What is not a handle of ours names no sign-in; a provider may begin one itself where that is switched on.
      const taken = isBrowserSecret(handle) ? await under.take(method, handle, browser.binding) : undefined;
      const fresh = taken?.transaction.fresh;
      const signedIn = await finishAt(provider, {
        parameters,
        ...(taken === undefined
          ? {}
          : {
              begun: {
                handle: taken.handle,
                binding: taken.binding,
                ...(fresh === undefined ? {} : { fresh }),
                keep: taken.transaction.keep,
                at: taken.transaction.beganAt,
              },
            }),
      });
      if (fresh !== undefined && !isRecent(signedIn.authenticatedAt ?? 0, fresh + skew, clock.wall())) {
        throw new SignInRefused("not_fresh", "the proof is older than was asked for");
      }
      const { session, cookie } = newSession(signedIn, {
        method,
        rules: rules.digest,
        absolute: rules.limits.absolute,
        now: clock.wall(),
        address: browser.address,
        name: browser.name,
      });
      const verified = verifiedOf(session, rules.roles);
      await record(session, verified);
      const gone: string[] = [];
      for (const old of await store.create(session, perPerson)) {
        gone.push(old.id);
        over(old, "too many sessions of one person");
      }
      // Rotated: what the browser held before is worth nothing from now on. SAML's answer comes without the session's
      // cookie, so that the transaction has to remember it.
      for (const before of await heldBefore(browser.cookie, taken?.transaction.replaces)) {
        if (await endOne(before, "signed in again in the same browser")) gone.push(before.id);
      }
      if (taken !== undefined && (await loggedOut.overtook(session, taken.transaction.beganAt))) {
        await endOne(session, endedByProvider);
        throw new SignInRefused("expired", "the provider ended it meanwhile");
      }
      // From here on it is measured on this process's monotonic clock as well.
      ends.used(session);
      if (signedIn.live !== undefined) groups.hold(session.id, signedIn.live);
      return { session, verified, cookie, returnTo: taken?.transaction.returnTo ?? "/", ended: gone };
    },

    async authenticate(cookie, use) {
      if (!isBrowserSecret(cookie)) return undefined;
      const session = await good(await store.byDigest(digestOfSecret(cookie)));
      if (session === undefined) return undefined;
      const now = clock.wall();
      if (use) ends.used(session);
      groups.lookAgain(session);
      if (use && now - session.lastSeenAt >= Math.min(seenEvery, rules.limits.idle / 4))
        await store.seen(session.id, now);
      return {
        session,
        verified: verifiedOf(session, rules.roles),
        csrf: csrfOf(cookie),
        idleEndsAt: Math.min(now + ends.remaining(session), session.endsAt),
      };
    },

    async current(verified) {
      if (verified.session === undefined) {
        if (isRecent(verified.groupsAsOf, rules.groupsMaxAge, clock.wall())) return verified;
        throw new MayflyError(
          "token_stale",
          "the access token is too old to say which groups you are in now",
          {
            status: 401,
            hint: "get a fresh access token and try again; mayfly does so by itself where it can",
          },
        );
      }
      const session = await good(await store.byId(verified.session));
      if (session === undefined || session.digest !== verified.tokenDigest) {
        throw new SignInAgain("this browser session is over");
      }
      const now = await groups.ask(session);
      const { principal } = verified;
      const roles = rolesOf(now.groups, rules.roles);
      return Object.freeze({
        ...verified,
        principal: Object.freeze({ ...principal, groups: now.groups, roles }),
        groupsAsOf: now.groupsAsOf,
      });
    },

    watch(verified, ended) {
      if (verified.session === undefined) {
        const left = remaining(
          clock,
          deadlineAt(clock, verified.expiresAt, verified.expiresAt - clock.wall()),
        );
        return clock.schedule(Math.max(0, left), () => ended("the access token expired"));
      }
      return watches.watch(verified.tokenDigest, ended);
    },

    sessions: (login) => store.list(login === undefined ? {} : { login }, longestList),
    session: (id) => store.byId(id),

    async end(id, reason) {
      const session = await store.byId(id);
      return session === undefined ? false : endOne(session, reason);
    },

    async endAll(login, reason) {
      const gone = await store.endAll({ login });
      for (const session of gone) over(session, reason);
      return gone;
    },

    samlMetadata: () => rules.providers.find((one) => one.metadata !== undefined)?.metadata?.(),
    signOutUrl: (session) => groups.signOutUrl(session),

    async backChannelLogout(token) {
      const provider = rules.providers.find((one) => one.readLogoutToken !== undefined);
      if (provider?.readLogoutToken === undefined)
        throw new SignInRefused("not_configured", "back-channel logout");
      const notice = await provider.readLogoutToken(token);
      const { id, until, providerSession, providerSubject } = notice;
      if (!(await store.use("logout", `${provider.issuer} ${id}`, until))) {
        throw new SignInRefused("not_verified", "jti");
      }
      await loggedOut.remember(provider.issuer, notice);
      const gone = await store.endAll({
        issuer: provider.issuer,
        ...(providerSession === undefined ? {} : { providerSession }),
        ...(providerSubject === undefined ? {} : { providerSubject }),
      });
      for (const session of gone) over(session, endedByProvider);
      return gone;
    },

    async adopt(next) {
      const before = rules;
      rules = next;
      ends = sessionEnds(clock, next.limits);
      const gone = before.providers.filter((provider) => !next.providers.includes(provider));
      // What is held of a provider that is no more could ask nobody; such sessions sign in again when it matters.
      if (gone.length > 0) groups.forgetAll();
      for (const provider of gone) provider.close();
      // Where that fails, they end when they are met: their rules are not those in force.
      const ended = await store.endAll({ otherRulesThan: next.digest }).catch((thrown: unknown) => {
        fault(thrown);
        return [];
      });
      for (const session of ended) over(session, "how people sign in was configured anew");
    },

    close() {
      stopForgetting();
      watches.close();
      for (const provider of rules.providers) provider.close();
    },
  };

  let stopForgetting: () => void = () => {};
  const forget = (): void => {
    const now = clock.wall();
    store
      .forget(now, now - rules.limits.idle - skew)
      .then((ran) => ran.forEach((session) => over(session, outOfTime(session))), fault);
    stopForgetting = clock.schedule(forgetEvery, forget);
  };
  stopForgetting = clock.schedule(forgetEvery, forget);
  return people;
}

/** Whatever else goes wrong at the provider's answer is a refusal as well. */
async function finishAt(
  provider: SignInProvider,
  answer: Parameters<SignInProvider["finish"]>[0],
): Promise<SignedIn> {
  try {
    return await provider.finish(answer);
  } catch (thrown) {
    if (thrown instanceof SignInRefused) throw thrown;
    throw new SignInRefused("not_verified", "it could not be read", thrown);
  }
}
