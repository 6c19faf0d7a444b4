import { requesterKey } from "../../kernel/requester.ts";
import type { Clock } from "../../kernel/clock.ts";
import { formatDuration } from "../../kernel/durations.ts";
import type { Proofs, ProofHolder } from "./proofs.ts";

/** Ends sessions whose proof is too old: `identity.agents.reverify` of one provider. People need no proofs. */
export interface Reverifying {
  /** Why an agent may use nothing now: its last proof is too old. Undefined when it may. */
  stale(who: ProofHolder): string | undefined;
  /**
   * Calls each time the last proof of somebody has become too old, within a second of that.
   * @returns ends the watch
   */
  watch(who: ProofHolder, told: (reason: string) => void): () => void;
  close(): void;
}

interface Watched {
  readonly who: ProofHolder;
  readonly listeners: Set<(reason: string) => void>;
  /** Not to be looked at before, on the monotonic clock: until then nothing but a step of the wall clock makes it stale. */
  until: number;
  isTold: boolean;
}

/**
 * The longest sleep between two looks, milliseconds. Timers run on the monotonic clock, which stands still while a machine
 * is suspended, and proofs grow old on the wall clock too.
 */
const MAX_SLEEP_MS = 1000;
/** The two clocks may drift so far apart between two looks before everybody is looked at, milliseconds. */
const MAX_APART_MS = 500;

/** @param within how old the last proof may be, milliseconds */
export function createReverifying(proofs: Proofs, within: number, clock: Clock): Reverifying {
  const watched = new Map<string, Watched>();
  let timer: { readonly at: number; readonly cancel: () => void } | undefined;
  let apart = clock.wall() - clock.monotonic();

  function stale(who: ProofHolder): string | undefined {
    if (who.kind !== "agent") return undefined;
    const age = proofs.age(who);
    if (age <= within) return undefined;
    const last = Number.isFinite(age)
      ? `the last proof that ${who.client} is still good is ${formatDuration(Math.round(age / 1000) * 1000)} old`
      : `nothing has proven here yet that ${who.client} is still good`;
    return `${last}, and a proof counts for ${formatDuration(within)} (reverify)`;
  }

  function tellIfStale(who: ProofHolder, listener: (reason: string) => void): void {
    const reason = stale(who);
    if (reason !== undefined) listener(reason);
  }

  function arm(at: number): void {
    if (timer !== undefined && timer.at <= at) return;
    timer?.cancel();
    const now = clock.monotonic();
    timer = { at, cancel: clock.schedule(Math.max(at - now, 0), look) };
  }

  function tell(entry: Watched, reason: string): void {
    entry.isTold = true;
    for (const listener of entry.listeners) {
      try {
        listener(reason);
      } catch {
        // Each listener answers for its own end; one that fails must not keep the others alive.
      }
    }
  }

  /** Checks one, and schedules its next check. */
  function lookAt(entry: Watched, now: number): void {
    const reason = stale(entry.who);
    if (reason === undefined) {
      entry.isTold = false;
      // A proof that is exactly as old as it may be still counts.
      entry.until = now + Math.max(within - proofs.age(entry.who), 0) + 1;
      return;
    }
    entry.until = now + MAX_SLEEP_MS;
    if (!entry.isTold) tell(entry, reason);
  }

  function look(): void {
    timer = undefined;
    const now = clock.monotonic();
    const before = apart;
    apart = clock.wall() - now;
    const isStepped = Math.abs(apart - before) > MAX_APART_MS;
    let next = now + MAX_SLEEP_MS;
    for (const entry of watched.values()) {
      if (isStepped || entry.until <= now) lookAt(entry, now);
      next = Math.min(next, entry.until);
    }
    if (watched.size > 0) arm(next);
  }

  return {
    stale,
    watch(who, told) {
      if (who.kind !== "agent") return () => {};
      const key = requesterKey(who);
      let entry = watched.get(key);
      if (entry === undefined) {
        entry = { who, listeners: new Set(), until: clock.monotonic(), isTold: false };
        watched.set(key, entry);
      }
      const { listeners } = entry;
      // A function of its own, so that one caller watching twice is told twice.
      const listener = (reason: string): void => told(reason);
      listeners.add(listener);
      let cancel = (): void => {};
      // A watch that begins while the proof is too old is called as well.
      if (entry.isTold) cancel = clock.schedule(0, () => tellIfStale(who, listener));
      else arm(entry.until);
      return () => {
        cancel();
        listeners.delete(listener);
        if (listeners.size > 0 || watched.get(key)?.listeners !== listeners) return;
        watched.delete(key);
        if (watched.size > 0) return;
        timer?.cancel();
        timer = undefined;
      };
    },
    close() {
      timer?.cancel();
      timer = undefined;
      watched.clear();
    },
  };
}
