import { deadlineAt, remaining } from "../kernel/clock.ts";
import { MayflyError } from "../kernel/errors.ts";
import { SignInAgain } from "../kernel/sign-in-again.ts";
import { ENDED_BY_PROVIDER, finishSignIn } from "./browser-sessions/finish-sign-in.ts";
import {
  MAX_LISTED_SESSIONS,
  type SessionKeeper,
  sessionKeeper,
  sessionsAbout,
  sessionsOf,
} from "./browser-sessions/keeper.ts";
import { type Logouts, logouts } from "./browser-sessions/logouts.ts";
import { csrfOf, verifiedOf } from "./browser-sessions/principal.ts";
import type { BrowserSession } from "./browser-sessions/store.ts";
import type { CurrentSession, People } from "./people.ts";
import type { PeopleOptions, RulesOfPeople } from "./people-options.ts";
import type { Verified } from "./principal.ts";
import { isWithinMaxAge } from "./max-age.ts";
import type { SignInMethod, SignInProvider } from "./sign-in/provider.ts";
import { SignInRefused } from "./sign-in/problems.ts";
import { digestOfSecret, isBrowserSecret } from "./sign-in/secrets.ts";
import { transactions } from "./sign-in/transactions.ts";
import { rolesOf } from "./tokens/principal-from-claims.ts";

/** People as `main` holds them. */
export interface ManagedPeople extends People {
  /** Puts other rules in force and ends the sessions that were made under the ones before. */
  adopt(rules: RulesOfPeople): Promise<void>;
  /** Stops timers. */
  close(): void;
}

/** A session's use is written at most this often, milliseconds. */
const SEEN_EVERY_MS = 15_000;

/** Makes the people of a gateway: see `People`. */
export function createPeople(options: PeopleOptions): ManagedPeople {
  const { store, clock } = options;
  const keeper = sessionKeeper(options);
  const begun = transactions(store, clock);
  const loggedOut = logouts(store, clock);
  const finishing = { options, keeper, transactions: begun, logouts: loggedOut };

  const providerOf = (method: SignInMethod): SignInProvider => {
    const provider = keeper.rules.providers.find((one) => one.method === method);
    if (provider === undefined) throw new SignInRefused("not_configured", method);
    return provider;
  };

  return {
    get methods() {
      return keeper.rules.providers.map(({ method, label }) => ({ method, label }));
    },
    begin: async (method, more) => begun.begin(providerOf(method), more),
    finish: async (method, parameters, browser, record) =>
      finishSignIn(finishing, providerOf(method), parameters, browser, record),
    authenticate: (cookie, use) => authenticate(options, keeper, cookie, use),
    current: (verified) => currentOf(options, keeper, verified),

    watch(verified, ended) {
      const { principal, groupsAsOf } = verified;
      const unwatch = options.cutOffs?.watch(principal, groupsAsOf, ended) ?? ((): void => {});
      const unwatchProof = watchProof(options, keeper, verified, ended);
      return () => {
        unwatch();
        unwatchProof();
      };
    },

    sessions: (person) =>
      person === undefined ? store.list({}, MAX_LISTED_SESSIONS) : sessionsOf(store, person),
    session: (id) => store.byId(id),

    async end(id, reason) {
      const session = await store.byId(id);
      return session === undefined ? false : keeper.endOne(session, reason);
    },
    async endAbout(about, at, reason, { isDryRun = false } = {}) {
      const meant = await sessionsAbout(store, keeper.rules, about, at);
      return isDryRun ? meant : keeper.endEach(meant, reason);
    },
    endAll: async (person, reason) => keeper.endEach(await sessionsOf(store, person), reason),

    samlMetadata: () => keeper.rules.providers.find((one) => one.metadata !== undefined)?.metadata?.(),
    signOutUrl: (session) => keeper.groups.signOutUrl(session),
    backChannelLogout: (token) => backChannelLogout(options, keeper, loggedOut, token),
    adopt: (next) => keeper.adopt(next),
    close: () => keeper.close(),
  };
}

async function authenticate(
  { store, clock }: PeopleOptions,
  keeper: SessionKeeper,
  cookie: string,
  use: boolean,
): Promise<CurrentSession | undefined> {
  if (!isBrowserSecret(cookie)) return undefined;
  const session = await keeper.good(await store.byDigest(digestOfSecret(cookie)));
  if (session === undefined) return undefined;
  const now = clock.wall();
  if (use) keeper.ends.used(session);
  keeper.groups.refreshIfStale(session);
  if (use && now - session.lastSeenAt >= Math.min(SEEN_EVERY_MS, keeper.rules.limits.idle / 4))
    await store.seen(session.id, now);
  return {
    session,
    verified: verifiedOf(keeper.still(session), keeper.rules.roles),
    csrf: csrfOf(cookie),
    idleEndsAt: Math.min(now + keeper.ends.remaining(session), session.endsAt),
  };
}

async function currentOf(
  { store, clock }: PeopleOptions,
  keeper: SessionKeeper,
  verified: Verified,
): Promise<Verified> {
  if (verified.session === undefined) {
    if (isWithinMaxAge(verified.groupsAsOf, keeper.rules.groupsMaxAge, clock.wall())) return verified;
    throw new MayflyError("token_stale", "the access token is too old to say which groups you are in now", {
      status: 401,
      hint: "get a fresh access token and try again; mayfly does so by itself where it can",
    });
  }
  const session = await keeper.good(await store.byId(verified.session));
  if (session === undefined || session.digest !== verified.tokenDigest) {
    throw new SignInAgain("this browser session is over");
  }
  const now = keeper.still(await keeper.groups.ask(session));
  const { principal } = verified;
  const roles = rolesOf(now.groups, keeper.rules.roles);
  return Object.freeze({
    ...verified,
    principal: Object.freeze({ ...principal, groups: now.groups, groupsAsOf: now.groupsAsOf, roles }),
    groupsAsOf: now.groupsAsOf,
  });
}

/** Watches the session or the token that authenticated a request. @returns ends the watch */
function watchProof(
  { clock }: PeopleOptions,
  keeper: SessionKeeper,
  verified: Verified,
  ended: (reason: string) => void,
): () => void {
  if (verified.session !== undefined) return keeper.watches.watch(verified.tokenDigest, ended);
  const left = remaining(clock, deadlineAt(clock, verified.expiresAt, verified.expiresAt - clock.wall()));
  return clock.schedule(Math.max(0, left), () => ended("the access token expired"));
}

async function backChannelLogout(
  { store }: PeopleOptions,
  keeper: SessionKeeper,
  loggedOut: Logouts,
  token: string,
): Promise<readonly BrowserSession[]> {
  const provider = keeper.rules.providers.find((one) => one.readLogoutToken !== undefined);
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
  for (const session of gone) keeper.over(session, ENDED_BY_PROVIDER);
  return gone;
}
