import type { Holder } from "../../kernel/requester.ts";
import type { Clock } from "../../kernel/clock.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { loginKey } from "../../kernel/logins.ts";
import type { MembershipChange, Memberships, StillIn } from "../memberships/memberships.ts";
import type { CutOffs } from "./cut-offs.ts";
import type { Signal, SignalOutcome, SignalSink } from "./signal.ts";
import { concerns, saidAtProvider, type About } from "./subjects.ts";

/** The subject of an end, and the time up to which its tokens end. */
export interface Withdrawing {
  readonly about: About;
  /** @param issuedAt milliseconds since the epoch; left out where it is unknown */
  readonly matches: (holder: Holder, issuedAt: number | undefined) => boolean;
  readonly at: number;
  /** For people to read. */
  readonly reason: string;
}

/** What an end reaches, by id. */
export interface Reach {
  readonly grants: readonly string[];
  readonly requests: readonly string[];
  readonly sessions: readonly string[];
}

/** What a sink acts on; wired in `main`. */
export interface SinkPorts {
  readonly clock: Clock;
  readonly cutOffs: Pick<CutOffs, "cut">;
  readonly memberships: Pick<Memberships, "left" | "joined" | "foresee">;
  /** Remembers carried out signals, for all gateways of a store. */
  readonly seen: {
    has(id: string): Promise<boolean>;
    /** @param until milliseconds since the epoch */
    add(id: string, until: number): Promise<void>;
  };
  /** Records receipts. Resolves when they are on the disk. @throws when they could not be recorded */
  record(receipts: readonly Receipt[]): Promise<void>;
  /** What would end now. @throws the store's errors */
  reach(withdrawing: readonly Withdrawing[]): Promise<readonly Reach[]>;
  /** Ends: live grants before it returns, the rest in `done`. Never throws. */
  withdraw(withdrawing: Withdrawing): { readonly grants: readonly string[]; readonly done: Promise<Reach> };
  /**
   * Judges again what these hold. Never rejects.
   * @param foreseen for a dry run: the groups that people would still have
   */
  judgeAgain(
    matches: (holder: Holder) => boolean,
    cause: string,
    isDryRun: boolean,
    foreseen?: StillIn,
  ): Promise<{ readonly ended: readonly string[]; readonly voided: readonly string[] }>;
  /** Fetches again what is remembered about the subject; resolves when it is known. Never rejects. */
  refresh(signal: Signal): Promise<void>;
  /** Reports to the operator's log and metrics. Never throws. */
  told?(outcome: SignalOutcome, delayMs: number): void;
  fault(error: unknown): void;
}

/** A signal, in the form of its record. */
export interface Receipt {
  readonly signal: Signal;
  /** What it would reach, read before anything ended; left out where the store could not say. */
  readonly reach?: Reach;
  readonly reason: string;
}

/** How long an id is remembered, milliseconds: Okta retries within minutes, but a log that is read again goes back days. */
const REMEMBER_MS = 8 * 86_400_000;
/** How long an end waits for its receipt to reach the disk, milliseconds: a disk that hangs must not hold it up. */
const RECORD_WAIT_MS = 1000;
/** How long a receipt waits for the store's answers (what would end, and whether it was seen), milliseconds. */
const STORE_WAIT_MS = 300;
/** How long the sender waits for the cut-off to be stored, milliseconds. Okta waits for 3 s in all. */
const KEEP_WAIT_MS = 1000;
/** How long the sender waits for the ends of requests and browser sessions, milliseconds; they continue afterwards. */
const FINISH_WAIT_MS = 300;
/** How long a judgement waits for fresh facts, milliseconds; after that it uses what is known. */
const REFRESH_WAIT_MS = 10_000;

const nothing: Reach = { grants: [], requests: [], sessions: [] };

/** The latest time that a date can hold, milliseconds since the epoch (ECMA-262, section 21.4.1.1). */
const MAX_TIME_MS = 8.64e15;

/** The key of a signal: an event has one, whether a hook or the log delivers it. */
function keyOf({ channel, id }: Signal): string {
  return channel === "event_hook" || channel === "system_log" ? `event ${id}` : `${channel} ${id}`;
}

/** The reason, for people to read: the event, its subject and the channel. */
export function reasonOf({ event, channel, at, id, through }: Signal): string {
  const when = Number.isFinite(at) ? new Date(at).toISOString() : "an unknown time";
  const limit = through === undefined ? "" : ` (what was held through ${through})`;
  return `the identity provider said ${event} at ${when}${limit} (${channel.replaceAll("_", " ")}, ${id})`;
}

/** The end that a signal demands; undefined where it demands none. */
function withdrawingOf(signal: Signal): Withdrawing {
  const { at } = signal;
  return {
    about: signal,
    at,
    matches: (holder, issuedAt) => saidAtProvider(holder, issuedAt) <= at && concerns(signal, holder),
    reason: reasonOf(signal),
  };
}

/** The membership that a signal states; undefined where it states none. */
function membershipIn(
  signal: Signal,
): { readonly change: MembershipChange; readonly isMember: boolean } | undefined {
  const { subject, membership, issuers, at } = signal;
  if (subject.kind === "group") {
    const { id, name } = subject;
    const group = { id, ...(name === undefined ? {} : { name }) };
    return { change: { issuers, group, at }, isMember: false };
  }
  if (membership === undefined || subject.kind !== "user") return undefined;
  const { uid, login } = subject;
  const person = {
    ...(uid === undefined ? {} : { uid }),
    ...(login === undefined ? {} : { login: loginKey(login) }),
  };
  return { change: { issuers, person, group: membership.group, at }, isMember: membership.isMember };
}

/** The holders whose grants a signal has judged again. */
function judgedBy(signal: Signal): (holder: Holder) => boolean {
  const { subject, issuers } = signal;
  return subject.kind === "group"
    ? ({ issuer }) => issuers.includes(issuer)
    : (holder) => concerns(signal, holder);
}

/** Makes the sink of a gateway: see `SignalSink`. It outlives a reload. */
export function createSignalSink(ports: SinkPorts): SignalSink {
  const { clock } = ports;
  /** Signals being carried out, so that one that arrives twice at once is carried out once. */
  const underWay = new Map<string, Promise<unknown>>();

  /** Settles with a promise, or rejects after a time limit; the awaited work goes on. */
  function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const cancel = clock.schedule(ms, () => reject(new Error(`${what} took too long`)));
      promise.then(resolve, reject).finally(cancel);
    });
  }

  async function isRepeat(signal: Signal): Promise<boolean> {
    try {
      return await within(STORE_WAIT_MS, "the store", ports.seen.has(keyOf(signal)));
    } catch (error) {
      // Unknown: carrying it out again changes nothing more than the first time did.
      ports.fault(error);
      return false;
    }
  }

  async function reachOf(signals: readonly Signal[]): Promise<readonly (Reach | undefined)[]> {
    const ends = signals.filter(({ effect }) => effect === "end");
    if (ends.length === 0) return signals.map(() => undefined);
    try {
      const reached = await within(STORE_WAIT_MS, "the store", ports.reach(ends.map(withdrawingOf)));
      return signals.map((signal) => {
        const at = ends.indexOf(signal);
        return at < 0 ? undefined : reached[at];
      });
    } catch (error) {
      ports.fault(error);
      return signals.map(() => undefined);
    }
  }

  /** Keeps the membership that a signal states. */
  function membershipOf(signal: Signal): Promise<void> | undefined {
    const said = membershipIn(signal);
    if (said === undefined) return undefined;
    return said.isMember ? ports.memberships.joined(said.change) : ports.memberships.left(said.change);
  }

  /** Carries out one signal. Grants in this process have ended before its first await. */
  async function carryOut(signal: Signal): Promise<Reach> {
    if (signal.effect === "end") {
      const withdrawing = withdrawingOf(signal);
      const kept = ports.cutOffs.cut({ ...signal, reason: withdrawing.reason });
      const { grants, done } = ports.withdraw(withdrawing);
      void ports.refresh(signal);
      const soFar = { ...nothing, grants };
      const [, reach] = await Promise.all([
        within(KEEP_WAIT_MS, "the store", kept),
        // Whatever takes longer continues afterwards.
        within(FINISH_WAIT_MS, "ending the rest", done).catch(() => soFar),
      ]);
      return reach;
    }
    const kept = membershipOf(signal) ?? Promise.resolve();
    const refreshed = within(REFRESH_WAIT_MS, "asking anew", ports.refresh(signal)).catch((error: unknown) =>
      ports.fault(error),
    );
    if (signal.effect === "refresh") return nothing;
    const judged = refreshed
      .then(() => ports.judgeAgain(judgedBy(signal), reasonOf(signal), false))
      .then(({ ended, voided }): Reach => ({ grants: ended, requests: voided, sessions: [] }));
    const [, reach] = await Promise.all([
      within(KEEP_WAIT_MS, "the store", kept),
      within(FINISH_WAIT_MS, "judging again", judged).catch(() => nothing),
    ]);
    return reach;
  }

  async function dryRun(signal: Signal, reach: Reach | undefined): Promise<Reach> {
    if (signal.effect !== "judge_again") return reach ?? nothing;
    const said = membershipIn(signal);
    const foreseen = said?.isMember === false ? ports.memberships.foresee(said.change) : undefined;
    const { ended, voided } = await ports.judgeAgain(judgedBy(signal), reasonOf(signal), true, foreseen);
    return { grants: ended, requests: voided, sessions: [] };
  }

  /** @returns the result, and the error for the sender where not all of it could be kept */
  async function finish(signal: Signal): Promise<{ outcome: SignalOutcome; failed?: unknown }> {
    try {
      const reach = await carryOut(signal);
      const outcome = { signal, isRepeat: false, ...reach };
      ports.told?.(outcome, Math.max(0, clock.wall() - signal.at));
      await ports.seen.add(keyOf(signal), clock.wall() + REMEMBER_MS);
      return { outcome };
    } catch (failed) {
      // It is in force in this process; the sender's next try will store it.
      ports.fault(failed);
      return { outcome: { signal, isRepeat: false, ...nothing }, failed };
    }
  }

  async function receive(signals: readonly Signal[]): Promise<readonly SignalOutcome[]> {
    const repeats = await Promise.all(signals.map(isRepeat));
    const outcomes = new Map<number, SignalOutcome>();
    const fresh: number[] = [];
    const ids = new Set<string>();
    for (const [at, signal] of signals.entries()) {
      const key = keyOf(signal);
      if (repeats[at] === true || ids.has(key)) outcomes.set(at, { signal, isRepeat: true, ...nothing });
      else fresh.push(at);
      ids.add(key);
    }
    const news = fresh.flatMap((at) => signals[at] ?? []);
    if (news.length === 0) return signals.flatMap((_, at) => outcomes.get(at) ?? []);
    const reached = await reachOf(news);
    let unrecorded: unknown;
    try {
      const receipts = news.map((signal, at) => {
        const reach = reached[at];
        return { signal, reason: reasonOf(signal), ...(reach === undefined ? {} : { reach }) };
      });
      await within(RECORD_WAIT_MS, "the log", ports.record(receipts));
    } catch (error) {
      // The end happens even if the log refuses the record; the sender tries again until it is recorded.
      unrecorded = error;
    }
    // All begin before the first await, so that all ends happen in this turn.
    const results = await Promise.all(
      news.map((signal) =>
        unrecorded === undefined
          ? finish(signal)
          : carryOut(signal).then(
              (reach) => ({ outcome: { signal, isRepeat: false, ...reach }, failed: unrecorded }),
              (failed: unknown) => ({ outcome: { signal, isRepeat: false, ...nothing }, failed }),
            ),
      ),
    );
    for (const [at, { outcome }] of results.entries()) outcomes.set(fresh[at] ?? -1, outcome);
    const failed = results.find((result) => "failed" in result && result.failed !== undefined);
    if (failed !== undefined) {
      throw new MayflyError("signal_not_kept", "the signal was carried out here and could not be kept", {
        status: 503,
        hint: "send it again: Okta does so by itself",
        cause: "failed" in failed ? failed.failed : undefined,
      });
    }
    return signals.flatMap((_, at) => outcomes.get(at) ?? []);
  }

  /**
   * An invalid time counts as now. A future time stays: it ends all that exists, and the cut-offs bound what is yet to
   * begin. This machine's clock may have been set back while sessions run that the signal means.
   */
  function inTime(signal: Signal): Signal {
    const isTime = Number.isFinite(signal.at) && Math.abs(signal.at) <= MAX_TIME_MS;
    return isTime ? signal : { ...signal, at: clock.wall() };
  }

  return {
    async receive(given, { isDryRun = false } = {}) {
      const signals = given.map(inTime);
      if (isDryRun) {
        const reached = await reachOf(signals);
        return Promise.all(
          signals.map(async (signal, at) => ({
            signal,
            isRepeat: await isRepeat(signal),
            ...(await dryRun(signal, reached[at])),
          })),
        );
      }
      // A signal that arrives again while it is carried out waits for the first, and counts as a repeat.
      const before = signals.flatMap((signal) => underWay.get(keyOf(signal)) ?? []);
      const run =
        before.length === 0 ? receive(signals) : Promise.allSettled(before).then(() => receive(signals));
      for (const signal of signals) underWay.set(keyOf(signal), run);
      try {
        return await run;
      } finally {
        for (const signal of signals) if (underWay.get(keyOf(signal)) === run) underWay.delete(keyOf(signal));
      }
    },
  };
}
