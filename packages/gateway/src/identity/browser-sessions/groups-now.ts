import type { Clock } from "../../kernel/clock.ts";
import { MayflyError, messageOf } from "../../kernel/errors.ts";
import { SignInAgain } from "../../kernel/sign-in-again.ts";
import { boundedMap } from "../../kernel/bounded-map.ts";
import { isWithinMaxAge } from "../max-age.ts";
import type { ProviderSession } from "../sign-in/provider.ts";
import { SignInRefused } from "../sign-in/problems.ts";
import type { BrowserSession, BrowserSessionStore } from "./store.ts";

/** The least time between two lookups of a used session's stale groups, milliseconds. */
const MIN_LOOKUP_INTERVAL_MS = 60_000;
/** How many provider sessions are held. */
const MAX_HELD_SESSIONS = 10_000;

/** The current groups of browser sessions, according to the provider. */
export interface GroupsNow {
  /** Holds the provider's session, in this process's memory alone. */
  hold(id: string, provider: ProviderSession): void;
  forget(id: string): void;
  /** Forgets all provider sessions: their provider was removed. */
  forgetAll(): void;
  /**
   * The session with its current groups where the provider can be asked; unchanged where it cannot and the groups are
   * recent enough. Concurrent calls share one lookup.
   * @throws SignInAgain when the groups are too old, or the provider does not know the person any more (the session is
   * over then); MayflyError provider_away (503)
   */
  ask(session: BrowserSession): Promise<BrowserSession>;
  /**
   * Looks stale groups up in the background: the request that finds them stale does not wait. Every decision awaits
   * `ask` instead.
   */
  refreshIfStale(session: BrowserSession): void;
  signOutUrl(id: string): string | undefined;
}

/**
 * @param maxAge the configured greatest age of groups, milliseconds
 * @param end ends a session that the provider no longer knows
 */
export function groupsNow(parts: {
  readonly store: Pick<BrowserSessionStore, "setGroups">;
  readonly clock: Clock;
  readonly maxAge: () => number;
  readonly end: (session: BrowserSession, reason: string) => Promise<unknown>;
}): GroupsNow {
  const { store, clock, maxAge, end } = parts;
  let providerSessions = boundedMap<ProviderSession>(MAX_HELD_SESSIONS);
  const lastLookups = boundedMap<number>(MAX_HELD_SESSIONS);
  const asking = new Map<string, Promise<BrowserSession>>();
  const isYoung = ({ groupsAsOf }: BrowserSession): boolean =>
    isWithinMaxAge(groupsAsOf, maxAge(), clock.wall());

  async function askProvider(session: BrowserSession, provider: ProviderSession): Promise<BrowserSession> {
    let said: Awaited<ReturnType<ProviderSession["groupsNow"]>>;
    try {
      said = await provider.groupsNow();
    } catch (thrown) {
      if (!(thrown instanceof SignInRefused) || thrown.problem === "provider_away")
        throw providerAway(thrown);
      await end(session, "the identity provider ended it");
      throw new SignInAgain("the identity provider does not know this sign-in any more");
    }
    if (said === undefined) return requireYoung(session);
    await store.setGroups(session.id, said.groups, said.asOf);
    return { ...session, groups: said.groups, groupsAsOf: said.asOf };
  }

  function requireYoung(session: BrowserSession): BrowserSession {
    if (isYoung(session)) return session;
    throw new SignInAgain("it is too long ago that the identity provider said which groups you are in");
  }

  async function ask(session: BrowserSession): Promise<BrowserSession> {
    const provider = providerSessions.get(session.id);
    if (provider === undefined) return requireYoung(session);
    const question =
      asking.get(session.id) ?? askProvider(session, provider).finally(() => asking.delete(session.id));
    asking.set(session.id, question);
    return question;
  }

  return {
    hold: (id, provider) => providerSessions.set(id, provider),
    forget(id) {
      providerSessions.delete(id);
      lastLookups.delete(id);
    },
    forgetAll() {
      providerSessions = boundedMap<ProviderSession>(MAX_HELD_SESSIONS);
    },
    ask,
    refreshIfStale(session) {
      if (providerSessions.get(session.id) === undefined || isYoung(session)) return;
      if (clock.monotonic() - (lastLookups.get(session.id) ?? -Infinity) < MIN_LOOKUP_INTERVAL_MS) return;
      lastLookups.set(session.id, clock.monotonic());
      // The result is in the store; a provider that is away is asked again later.
      ask(session).catch(() => {});
    },
    signOutUrl: (id) => providerSessions.get(id)?.signOutUrl(),
  };
}

function providerAway(thrown: unknown): MayflyError {
  return new MayflyError(
    "provider_away",
    "the identity provider cannot be asked which groups you are in now",
    {
      status: 503,
      hint: "try again in a moment; nothing was done",
      cause: thrown instanceof Error ? thrown : new Error(messageOf(thrown)),
    },
  );
}
