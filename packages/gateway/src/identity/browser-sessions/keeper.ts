import type { Clock } from "../../kernel/clock.ts";
import type { Holder } from "../../kernel/requester.ts";
import { consoleClient, type Person } from "../people.ts";
import type { PeopleOptions, RulesOfPeople } from "../people-options.ts";
import { digestOfSecret, isBrowserSecret } from "../sign-in/secrets.ts";
import { type About, concerns } from "../signals/subjects.ts";
import { CLOCK_SKEW_MS } from "../tokens/check.ts";
import { type GroupsNow, groupsNow } from "./groups-now.ts";
import { type SessionEnds, sessionEnds } from "./limits.ts";
import { idOf, isSessionOf, uidOf } from "./principal.ts";
import type { BrowserSession, BrowserSessionStore } from "./store.ts";
import { type SessionWatches, sessionWatches } from "./watches.ts";

/** Sessions a list shows. */
export const MAX_LISTED_SESSIONS = 1000;
/** How often what is over is forgotten, milliseconds. */
const FORGET_EVERY_MS = 300_000;
const CONFIGURED_ANEW = "how people sign in was configured anew";

/** Keeps browser sessions: says which are good, and does what has to be done when one ends. */
export interface SessionKeeper {
  /** The rules in force. */
  readonly rules: RulesOfPeople;
  readonly ends: SessionEnds;
  readonly groups: GroupsNow;
  readonly watches: SessionWatches;
  /** The session without the groups that its person has left since the provider said them. */
  still(session: BrowserSession): BrowserSession;
  /** Why nothing that was begun for a session's person at that time may go on; undefined when it may. */
  cutOf(session: BrowserSession, since: number): string | undefined;
  /** The session if it is still good; one that is over is ended on the way. */
  good(session: BrowserSession | undefined): Promise<BrowserSession | undefined>;
  /** Ends one. @returns false when it was over already */
  endOne(session: BrowserSession, reason: string): Promise<boolean>;
  /** Ends each. @returns those that were not over already */
  endEach(sessions: readonly BrowserSession[], reason: string): Promise<readonly BrowserSession[]>;
  /** Does what has to be done for a session that the store does not hold any more. */
  over(session: BrowserSession, reason: string): void;
  /** Puts other rules in force and ends the sessions that were made under the ones before. */
  adopt(rules: RulesOfPeople): Promise<void>;
  close(): void;
}

export function sessionKeeper(options: PeopleOptions): SessionKeeper {
  const { store, clock } = options;
  let { rules } = options;
  let ends = sessionEnds(clock, rules.limits);
  const fault = (error: unknown): void => options.fault?.(error);
  const watches = sessionWatches(clock, async (digest) => {
    const session = await store.byDigest(digest);
    return session === undefined || session.rules !== rules.digest ? 0 : ends.remaining(session);
  });

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
    ends.remainingAbsolute(session) > 0 ? "it was not used for too long" : "its time was over";

  const cutOf = (session: BrowserSession, since: number): string | undefined =>
    options.cutOffs?.reasonAgainst(holderOf(session, rules), since);

  /** Why a session is not good any more; undefined for one that is. */
  function whyOver(session: BrowserSession): string | undefined {
    if (session.rules !== rules.digest) return CONFIGURED_ANEW;
    const cut = cutOf(session, session.signedInAt);
    if (cut !== undefined) return cut;
    return ends.remaining(session) > 0 ? undefined : outOfTime(session);
  }

  const stopForgetting = repeat(clock, FORGET_EVERY_MS, () => {
    const now = clock.wall();
    store
      .forget(now, now - rules.limits.idle - CLOCK_SKEW_MS)
      .then((ran) => ran.forEach((session) => over(session, outOfTime(session))), fault);
  });

  return {
    get rules() {
      return rules;
    },
    get ends() {
      return ends;
    },
    groups,
    watches,
    cutOf,
    endOne,
    over,
    still(session) {
      const { issuer, login, groups: said, groupsAsOf } = session;
      const member = { issuer, subject: login, uid: uidOf(session) };
      const left = options.memberships?.still(member, said, groupsAsOf) ?? said;
      return left === said ? session : { ...session, groups: left };
    },
    async good(session) {
      if (session === undefined) return undefined;
      const why = whyOver(session);
      if (why === undefined) return session;
      await endOne(session, why);
      return undefined;
    },
    async endEach(sessions, reason) {
      const gone: BrowserSession[] = [];
      for (const session of sessions) if (await endOne(session, reason)) gone.push(session);
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
      for (const session of ended) over(session, CONFIGURED_ANEW);
    },
    close() {
      stopForgetting();
      watches.close();
      for (const provider of rules.providers) provider.close();
    },
  };
}

/** Runs again and again. @returns ends that */
function repeat(clock: Clock, every: number, run: () => void): () => void {
  let cancel: () => void = () => {};
  const next = (): void => {
    run();
    cancel = clock.schedule(every, next);
  };
  cancel = clock.schedule(every, next);
  return () => cancel();
}

/** A session as a signal may mean it. */
function holderOf(session: BrowserSession, rules: RulesOfPeople): Holder {
  const { issuer, login } = session;
  const client = rules.client ?? consoleClient;
  return { kind: "person", issuer, subject: login, ...idOf(session), client, actors: [] };
}

/** The sessions that the browser had, by its cookie and by an id. */
export async function heldBefore(
  store: BrowserSessionStore,
  cookie: string | undefined,
  id: string | undefined,
): Promise<BrowserSession[]> {
  const found = [
    isBrowserSecret(cookie) ? await store.byDigest(digestOfSecret(cookie)) : undefined,
    id === undefined ? undefined : await store.byId(id),
  ];
  return found.filter((session) => session !== undefined);
}

/** A person's sessions, by login and by the provider's id, newest first. */
export async function sessionsOf(
  store: BrowserSessionStore,
  person: Person,
): Promise<readonly BrowserSession[]> {
  const found = await Promise.all([
    store.list({ login: person.subject }, MAX_LISTED_SESSIONS),
    ...(person.uid === undefined ? [] : [store.list({ providerSubject: person.uid }, MAX_LISTED_SESSIONS)]),
  ]);
  const byId = new Map(found.flat().map((session) => [session.id, session]));
  return [...byId.values()]
    .filter((session) => isSessionOf(session, person))
    .toSorted((a, b) => b.signedInAt - a.signedInAt);
}

/** The sessions of those signed in until `at` whom something is about that the provider has said. */
export async function sessionsAbout(
  store: BrowserSessionStore,
  rules: RulesOfPeople,
  about: About,
  at: number,
): Promise<readonly BrowserSession[]> {
  const { subject } = about;
  if (subject.kind === "group") return [];
  const filters =
    subject.kind === "client"
      ? [{}]
      : [
          ...(subject.uid === undefined ? [] : [{ providerSubject: subject.uid }, { login: subject.uid }]),
          ...(subject.login === undefined ? [] : [{ login: subject.login }]),
          // The id that an assertion's attribute gives is in no column.
          ...rules.providers
            .filter(({ method, issuer }) => method === "saml" && about.issuers.includes(issuer))
            .map(({ issuer }) => ({ issuer })),
        ];
  const found = new Map<string, BrowserSession>();
  for (const filter of filters)
    for (const session of await store.list(filter, MAX_LISTED_SESSIONS)) found.set(session.id, session);
  // The clock that says when somebody signed in is not the provider's.
  return [...found.values()].filter(
    (session) => session.signedInAt - CLOCK_SKEW_MS <= at && concerns(about, holderOf(session, rules)),
  );
}
