import type { Holder } from "../../kernel/requester.ts";
import type { Clock } from "../../kernel/clock.ts";
import { createEvictionHorizon } from "../eviction-horizon.ts";
import { createSharedWords, type KeptWord, type WordStore } from "../shared-words.ts";
import type { SignalSubject } from "./signal.ts";
import { clientFromName, concerns, namesOf, namesOfSubject, type About } from "./subjects.ts";

/** A cut-off: tokens of a subject that were issued up to this time are refused. */
export interface CutOff extends About {
  /** Milliseconds since the epoch, by the provider's clock. */
  readonly at: number;
  /** The reason, for people to read. */
  readonly reason: string;
}

/** A cut-off as it is kept: once for each issuer and each name of its subject. */
export interface KeptCutOff extends KeptWord {
  readonly issuer: string;
  readonly name: string;
  /** For a user who is named by id and login: the id, which tells them from another person of that login. */
  readonly uid?: string;
  readonly login?: string;
  readonly through?: string;
  readonly reason: string;
}

/** The store that cut-offs need. */
export type CutOffStore = WordStore<KeptCutOff>;

/** All that the provider has ended, as times of issue. Durable, and shared by all gateways of a store. */
export interface CutOffs {
  /** Adds a cut-off. It is in force in this process before the first await, and on disk when this resolves. */
  cut(cutOff: CutOff): Promise<void>;
  /**
   * Why a token issued to somebody at that time is refused; undefined when it is accepted.
   * @param issuedAt milliseconds since the epoch; left out where that is unknown, which counts as long ago
   */
  reasonAgainst(holder: Holder, issuedAt: number | undefined): string | undefined;
  /** Calls once when a token issued to somebody at that time is cut off. @returns a function that stops this */
  watch(holder: Holder, issuedAt: number | undefined, ended: (reason: string) => void): () => void;
  /** Reads the stored cut-offs, and then again and again those of other gateways. */
  start(): Promise<void>;
  /** Reads those of other gateways now: one has just kept some. */
  readNow(): void;
  stop(): void;
}

/** Cut-offs that are held, the newest. */
const MAX_CUT_OFFS = 100_000;

const EVICTED_REASON =
  "so many have been ended since it was issued that this gateway does not hold all of their names";

const keyOf = ({ issuer, name, through }: Pick<KeptCutOff, "issuer" | "name" | "through">): string =>
  JSON.stringify([issuer, name, through ?? null]);

/** The rows of one cut-off. */
function keptOf({ subject, issuers, through, at, reason }: CutOff, keptAt: number): readonly KeptCutOff[] {
  const user: { readonly uid?: string; readonly login?: string } = subject.kind === "user" ? subject : {};
  return [...new Set(issuers)].flatMap((issuer) =>
    [...new Set(namesOfSubject(subject))].map((name) => ({
      issuer,
      name,
      ...(user.uid === undefined ? {} : { uid: user.uid }),
      ...(user.login === undefined ? {} : { login: user.login }),
      ...(through === undefined ? {} : { through }),
      at,
      reason,
      keptAt,
    })),
  );
}

/** The subject of a stored cut-off. */
function aboutOf({ issuer, name, uid, login, through }: KeptCutOff): About {
  const client = clientFromName(name);
  const subject: SignalSubject =
    client === undefined
      ? { kind: "user", ...(uid === undefined ? {} : { uid }), ...(login === undefined ? {} : { login }) }
      : { kind: "client", client };
  return { subject, issuers: [issuer], ...(through === undefined ? {} : { through }) };
}

interface Watch {
  readonly holder: Holder;
  readonly issuedAt: number | undefined;
  readonly ended: (reason: string) => void;
}

/**
 * Makes the memory of cut-offs. It outlives a reload.
 * @param parts.isShared whether other gateways use the same store
 * @param parts.learned called with another gateway's cut-off, which has yet to end sessions here
 */
export function createCutOffs(parts: {
  readonly store: CutOffStore;
  readonly clock: Clock;
  readonly isShared: boolean;
  /** Maximum number of cut-offs in memory; left out: the default. */
  readonly maxCutOffs?: number;
  readonly learned: (cutOff: CutOff) => void;
  readonly fault: (error: unknown) => void;
}): CutOffs {
  const { clock, maxCutOffs = MAX_CUT_OFFS } = parts;
  const cuts = new Map<string, KeptCutOff>();
  const overflow = createEvictionHorizon();
  /** The clients that cut-offs are limited to, by issuer and name, so that a search finds all of them. */
  const limitedClients = new Map<string, Set<string>>();
  const watches = new Set<Watch>();
  const shared = createSharedWords<KeptCutOff>({
    ...parts,
    maxWords: maxCutOffs,
    overflow,
    remember,
    forget(before) {
      for (const [key, cut] of cuts) if (cut.at < before) drop(key, cut);
    },
    tell(news, isOthers) {
      tellWatches();
      if (!isOthers) return;
      for (const cut of news) parts.learned({ ...aboutOf(cut), at: cut.at, reason: cut.reason });
    },
  });

  function drop(key: string, cut: KeptCutOff): void {
    cuts.delete(key);
    if (cut.through === undefined) return;
    const whole = keyOf({ issuer: cut.issuer, name: cut.name });
    const of = limitedClients.get(whole);
    of?.delete(cut.through);
    if (of?.size === 0) limitedClients.delete(whole);
  }

  /** @returns whether it is new here */
  function remember(cut: KeptCutOff): boolean {
    const key = keyOf(cut);
    const before = cuts.get(key);
    if (before !== undefined && before.at >= cut.at) return false;
    cuts.delete(key);
    cuts.set(key, cut);
    if (cut.through !== undefined) {
      const whole = keyOf({ issuer: cut.issuer, name: cut.name });
      const of = limitedClients.get(whole) ?? new Set();
      of.add(cut.through);
      limitedClients.set(whole, of);
    }
    if (cuts.size > maxCutOffs) {
      const [oldest] = cuts;
      if (oldest !== undefined) {
        overflow.evict(oldest[1].at, oldest[1].issuer);
        drop(...oldest);
      }
    }
    return true;
  }

  function reasonAgainst(holder: Holder, issuedAt: number | undefined): string | undefined {
    if ((issuedAt ?? 0) <= overflow.unknownUntil(holder.issuer)) return EVICTED_REASON;
    if (cuts.size === 0) return undefined;
    for (const name of namesOf(holder)) {
      const whole = { issuer: holder.issuer, name };
      const throughs = [undefined, ...(limitedClients.get(keyOf(whole)) ?? [])];
      for (const through of throughs) {
        const cut = cuts.get(keyOf(through === undefined ? whole : { ...whole, through }));
        if (cut === undefined || (issuedAt ?? 0) > cut.at) continue;
        if (concerns(aboutOf(cut), holder)) return cut.reason;
      }
    }
    return undefined;
  }

  function tellWatches(): void {
    for (const watch of watches) {
      const reason = reasonAgainst(watch.holder, watch.issuedAt);
      if (reason === undefined) continue;
      watches.delete(watch);
      try {
        watch.ended(reason);
      } catch (error) {
        // A watch that throws must not keep the others from ending.
        parts.fault(error);
      }
    }
  }

  return {
    async cut(cutOff) {
      const kept = keptOf({ ...cutOff, at: shared.happened(cutOff.at) }, clock.wall());
      if (kept.filter(remember).length > 0) tellWatches();
      await shared.keep(kept);
    },
    reasonAgainst,
    watch(holder, issuedAt, ended) {
      const watch: Watch = { holder, issuedAt, ended };
      watches.add(watch);
      const reason = reasonAgainst(holder, issuedAt);
      if (reason !== undefined)
        queueMicrotask(() => {
          if (watches.delete(watch)) ended(reason);
        });
      return () => void watches.delete(watch);
    },
    start: () => shared.start(),
    readNow: () => shared.readNow(),
    stop: () => shared.stop(),
  };
}
