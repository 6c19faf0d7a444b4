import type { Clock } from "../../kernel/clock.ts";
import { MayflyError, messageOf } from "../../kernel/errors.ts";
import { SignInAgain } from "../../kernel/sign-in-again.ts";
import { boundedMap } from "../bounded-map.ts";
import { isRecent } from "../recent.ts";
import type { ProviderSession } from "../sign-in/provider.ts";
import { SignInRefused } from "../sign-in/refusals.ts";
import type { BrowserSession, BrowserSessionStore } from "./store.ts";

/** While a session is used, its groups are asked for again once they are too old, at most this often; milliseconds. */
const lookEvery = 60_000;
/** Sessions whose way to the provider is held. */
const most = 10_000;

/** The groups of browser sessions, as the provider says them now. */
export interface GroupsNow {
  /** Holds the way to the provider: in this process's memory alone. */
  hold(id: string, provider: ProviderSession): void;
  forget(id: string): void;
  /** Forgets all ways: their provider is no more. */
  forgetAll(): void;
  /**
   * The session with the groups of now, where the provider can be asked; as it is where it cannot and the groups are
   * young enough. Those who ask at one time share one question.
   * @throws SignInAgain when the groups are too old, or the provider does not know the person any more (the session is
   * over then); MayflyError provider_away (503)
   */
  ask(session: BrowserSession): Promise<BrowserSession>;
  /**
   * A session is used for hours, and groups change meanwhile: they are asked for again beside the request that shows
   * them too old, which does not wait. Whoever decides something waits for `ask`.
   */
  lookAgain(session: BrowserSession): void;
  signOutUrl(id: string): string | undefined;
}

/**
 * @param maxAge how old groups may be, milliseconds, as configured now
 * @param end ends a session of which the provider wants to know nothing
 */
export function groupsNow(parts: {
  readonly store: Pick<BrowserSessionStore, "setGroups">;
  readonly clock: Clock;
  readonly maxAge: () => number;
  readonly end: (session: BrowserSession, reason: string) => Promise<unknown>;
}): GroupsNow {
  const { store, clock, maxAge, end } = parts;
  let ways = boundedMap<ProviderSession>(most);
  const looked = boundedMap<number>(most);
  const asking = new Map<string, Promise<BrowserSession>>();
  const isYoung = ({ groupsAsOf }: BrowserSession): boolean => isRecent(groupsAsOf, maxAge(), clock.wall());

  async function askProvider(session: BrowserSession, provider: ProviderSession): Promise<BrowserSession> {
    let said: Awaited<ReturnType<ProviderSession["groupsNow"]>>;
    try {
      said = await provider.groupsNow();
    } catch (thrown) {
      if (!(thrown instanceof SignInRefused) || thrown.problem === "provider_away") throw away(thrown);
      await end(session, "the identity provider ended it");
      throw new SignInAgain("the identity provider does not know this sign-in any more");
    }
    if (said === undefined) return young(session);
    await store.setGroups(session.id, said.groups, said.asOf);
    return { ...session, groups: said.groups, groupsAsOf: said.asOf };
  }

  function young(session: BrowserSession): BrowserSession {
    if (isYoung(session)) return session;
    throw new SignInAgain("it is too long ago that the identity provider said which groups you are in");
  }

  async function ask(session: BrowserSession): Promise<BrowserSession> {
    const provider = ways.get(session.id);
    if (provider === undefined) return young(session);
    const question =
      asking.get(session.id) ?? askProvider(session, provider).finally(() => asking.delete(session.id));
    asking.set(session.id, question);
    return question;
  }

  return {
    hold: (id, provider) => ways.set(id, provider),
    forget(id) {
      ways.delete(id);
      looked.delete(id);
    },
    forgetAll() {
      ways = boundedMap<ProviderSession>(most);
    },
    ask,
    lookAgain(session) {
      if (ways.get(session.id) === undefined || isYoung(session)) return;
      if (clock.monotonic() - (looked.get(session.id) ?? -Infinity) < lookEvery) return;
      looked.set(session.id, clock.monotonic());
      // What comes of it is in the store; a provider that is away is asked again later.
      ask(session).catch(() => {});
    },
    signOutUrl: (id) => ways.get(id)?.signOutUrl(),
  };
}

function away(thrown: unknown): MayflyError {
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
