import type { NamedPerson } from "../../kernel/requester.ts";
import type { Clock } from "../../kernel/clock.ts";
import { loginKey } from "../../kernel/logins.ts";
import { createEvictionHorizon } from "../eviction-horizon.ts";
import { createSharedWords, type KeptWord, type WordStore } from "../shared-words.ts";

/** A change of who is in a group, as the provider has told it: nobody of other issuers is touched. */
export interface MembershipChange {
  readonly issuers: readonly string[];
  /** Whom it is about; left out: everybody, for a group that is gone. */
  readonly person?: { readonly uid?: string; readonly login?: string };
  /** The provider's id of the group, and its name: tokens carry the one or the other. */
  readonly group: { readonly id: string; readonly name?: string };
  /** When it happened, as the provider says, milliseconds since the epoch. */
  readonly at: number;
}

/** One stored change of one membership. */
export interface KeptMembership extends KeptWord {
  readonly issuer: string;
  /** The provider's id or the login of a person, as persons are compared; `everybody` for all. */
  readonly person: string;
  readonly group: string;
  readonly isMember: boolean;
}

/** The store that memberships need. */
export type MembershipStore = WordStore<KeptMembership>;

/** Somebody whose groups a token, an assertion or a browser session says. */
export type Member = NamedPerson;

/** Which of the groups that the provider stated at `asOf`, milliseconds since the epoch, somebody is still in. */
export type StillIn = (member: Member, groups: readonly string[], asOf: number) => readonly string[];

/**
 * Group memberships that the provider has ended. Groups in a token are as old as the token: a group that was left since
 * does not count, however long the token lives. A token issued afterwards is current again.
 */
export interface Memberships {
  /** Somebody left a group. It holds in this process before the first await, and is on disk when this resolves. */
  left(change: MembershipChange): Promise<void>;
  /** Somebody joined a group: an earlier leave no longer removes it from older tokens. It adds no group. */
  joined(change: MembershipChange): Promise<void>;
  /** The groups that somebody is still in, of those that the provider said at that time; milliseconds since the epoch. */
  readonly still: StillIn;
  /** As `still`, as if somebody had left a group as well: for a dry run. Keeps nothing. */
  foresee(change: MembershipChange): StillIn;
  /** Reads what is kept, and goes on reading what other gateways of the store keep. */
  start(): Promise<void>;
  /** Reads those of other gateways now: one has just kept some. */
  readNow(): void;
  stop(): void;
}

export const everybody = "*";

/** The most changes that are held; the newest are kept. */
const MAX_WORDS = 100_000;
const keyOf = (issuer: string, person: string, group: string): string =>
  JSON.stringify([issuer, person, group]);

/** The texts by which somebody may be named, as persons are compared; sameness only ever takes a group away. */
function namesOf({ subject, uid }: Member): readonly string[] {
  const names = [loginKey(subject), ...(uid === undefined ? [] : [loginKey(uid)]), everybody];
  return [...new Set(names)];
}

/** All the words that one change is kept as: by each name of the person and of the group, for each issuer. */
function wordsOf(
  { issuers, person, group, at }: MembershipChange,
  isMember: boolean,
  keptAt: number,
): readonly KeptMembership[] {
  const { uid, login } = person ?? {};
  const names =
    person === undefined
      ? [everybody]
      : [uid, login].flatMap((name) => (name === undefined || name === "" ? [] : [loginKey(name)]));
  const groups = [...new Set([group.id, ...(group.name === undefined ? [] : [group.name])])];
  return [...new Set(issuers)].flatMap((issuer) =>
    [...new Set(names)].flatMap((name) =>
      groups.map((each) => ({ issuer, person: name, group: each, isMember, at, keptAt })),
    ),
  );
}

/**
 * Makes the register of ended memberships. It outlives a reload.
 * @param parts.isShared whether other gateways keep words in the same store
 */
export function createMemberships(parts: {
  readonly store: MembershipStore;
  readonly clock: Clock;
  readonly isShared: boolean;
  /** Words that are held in memory; left out: as many as there should be. */
  readonly maxWords?: number;
  /** Told that another gateway has kept words, and of whom: what these hold is yet to be judged here. */
  readonly learned?: (isMeant: (member: Member) => boolean) => void;
  readonly fault: (error: unknown) => void;
}): Memberships {
  const { clock, maxWords = MAX_WORDS } = parts;
  const words = new Map<string, Pick<KeptMembership, "issuer" | "isMember" | "at">>();
  const overflow = createEvictionHorizon();
  const shared = createSharedWords<KeptMembership>({
    ...parts,
    maxWords,
    overflow,
    remember,
    forget(before) {
      for (const [key, { at }] of words) if (at < before) words.delete(key);
    },
    tell(news, isOthers) {
      if (!isOthers) return;
      const meant = new Set(news.map(({ issuer, person }) => JSON.stringify([issuer, person])));
      parts.learned?.((member) =>
        namesOf(member).some((name) => meant.has(JSON.stringify([member.issuer, name]))),
      );
    },
  });

  /** @returns whether it is news here */
  function remember(word: KeptMembership): boolean {
    const key = keyOf(word.issuer, word.person, word.group);
    const before = words.get(key);
    if (before !== undefined && before.at >= word.at) {
      // Of two changes at the same moment the leave counts.
      if (before.at > word.at || word.isMember || !before.isMember) return false;
    }
    // In the order they were taken, so that the first is the one to forget.
    words.delete(key);
    words.set(key, { issuer: word.issuer, isMember: word.isMember, at: word.at });
    if (words.size <= maxWords) return true;
    const [oldest] = words;
    if (oldest !== undefined) {
      const [name, { issuer, isMember, at }] = oldest;
      // A joining gives nothing: without it an older token says less.
      if (!isMember) overflow.evict(at, issuer);
      words.delete(name);
    }
    return true;
  }

  function saidBy(said: MembershipChange, isMember: boolean): readonly KeptMembership[] {
    return wordsOf({ ...said, at: shared.happened(said.at) }, isMember, clock.wall());
  }

  async function change(said: MembershipChange, isMember: boolean): Promise<void> {
    const all = saidBy(said, isMember);
    for (const word of all) remember(word);
    await shared.keep(all);
  }

  type Word = Pick<KeptMembership, "isMember" | "at">;
  /** @param more words beside those that are held, by their keys */
  function stillIn(more: ReadonlyMap<string, Word>): StillIn {
    return (member, groups, asOf) => {
      if (groups.length > 0 && asOf <= overflow.unknownUntil(member.issuer)) return [];
      if (words.size + more.size === 0 || groups.length === 0) return groups;
      const names = namesOf(member);
      // A login may belong to somebody else by now, so its join grants nothing to a holder with an id of their own.
      const own = member.uid === undefined ? loginKey(member.subject) : loginKey(member.uid);
      const isLeft = (group: string): boolean => {
        // Whoever has joined since is in, also where the group was made anew under an old name.
        const newest = names
          .flatMap((name) => {
            const key = keyOf(member.issuer, name, group);
            const isOwn = name === own || name === everybody;
            return [words.get(key), more.get(key)].filter(
              (word) => word !== undefined && (isOwn || !word.isMember),
            );
          })
          .filter((word) => word !== undefined)
          .toSorted((a, b) => b.at - a.at || Number(a.isMember) - Number(b.isMember))[0];
        return newest !== undefined && !newest.isMember && newest.at >= asOf;
      };
      return groups.some(isLeft) ? groups.filter((group) => !isLeft(group)) : groups;
    };
  }

  return {
    left: (said) => change(said, false),
    joined: (said) => change(said, true),
    still: stillIn(new Map()),
    foresee: (said) =>
      stillIn(
        new Map(saidBy(said, false).map((word) => [keyOf(word.issuer, word.person, word.group), word])),
      ),
    start: () => shared.start(),
    readNow: () => shared.readNow(),
    stop: () => shared.stop(),
  };
}
