import type { ConnectionHealth } from "../../api/services.ts";
import type { Clock } from "../../kernel/clock.ts";
import { messageOf } from "../../kernel/errors.ts";
import { endsInTime } from "../../kernel/in-time.ts";

/** What is looked at. */
export interface ProbeTarget {
  readonly name: string;
  /** What decides where it is: one of the same name that was configured anew is another target. */
  readonly identity: unknown;
  /** Asks it for something small. Rejects when it does not answer as it should. */
  readonly probe: (signal: AbortSignal) => Promise<{ readonly milliseconds: number }>;
}

/** What is known of targets' health. */
export interface Probing {
  /** What the last look at this target said. */
  health(name: string): ConnectionHealth;
  /**
   * What a look of at most that age says of these targets: older ones are looked at first. `unknown` where that takes
   * longer than a target may take.
   */
  healthWithin(names: readonly string[], ms: number): Promise<ReadonlyMap<string, ConnectionHealth>>;
  /** Looks at all of them soon: after a reload. */
  lookSoon(): void;
  /** Ends what is under way. */
  stop(): Promise<void>;
}

/** What looking is made of. */
export interface ProbingParts {
  readonly clock: Clock;
  /** Asked at every look. */
  readonly targets: () => readonly ProbeTarget[];
  /** Milliseconds from the start to the first look, and between the end of one and the beginning of the next. */
  readonly pace: { readonly first: number; readonly every: number };
  /** Told when a target goes down, or is up again after that. */
  readonly turned: (name: string, health: ConnectionHealth) => void;
  /** From 0 up to, not with, 1: so that many gateways do not look at a target in the same moment. */
  readonly random?: (() => number) | undefined;
}

/** Spread of every wait, as a part of it. */
const JITTER = 0.2;
/** How long a target may take, milliseconds. */
const ANSWER_MS = 5000;
/** Targets that are looked at in one moment. */
const MAX_AT_ONCE = 8;

interface Known {
  readonly identity: unknown;
  readonly health: ConnectionHealth;
}

/** Starts looking at targets, again and again. */
export function createProbing(parts: ProbingParts): Probing {
  const { clock, pace } = parts;
  const random = parts.random ?? Math.random;
  const known = new Map<string, Known>();
  /** Under way. */
  const looks = new Map<string, { readonly identity: unknown; readonly done: Promise<void> }>();
  const stopping = new AbortController();
  let cancel: () => void = () => undefined;
  let running: Promise<void> | undefined;
  let again = false;

  function plan(ms: number): void {
    cancel();
    if (stopping.signal.aborted) return;
    cancel = clock.schedule(ms * (1 - JITTER / 2 + random() * JITTER), () => {
      running = round().finally(() => {
        running = undefined;
        plan(again ? pace.first : pace.every);
        again = false;
      });
    });
  }

  async function round(): Promise<void> {
    const all = parts.targets();
    const names = new Set(all.map(({ name }) => name));
    for (const name of known.keys()) if (!names.has(name)) known.delete(name);
    await lookAtAll(all, stopping.signal);
  }

  /** @param enough once it has aborted, no further one is looked at */
  async function lookAtAll(all: readonly ProbeTarget[], enough: AbortSignal): Promise<void> {
    const waiting = [...all];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined && !enough.aborted; next = waiting.shift())
        await look(next);
    };
    await Promise.all(Array.from({ length: MAX_AT_ONCE }, work));
  }

  /** A look at the same target that is under way is shared. */
  async function look(target: ProbeTarget): Promise<void> {
    const before = looks.get(target.name);
    if (before !== undefined && before.identity === target.identity) return before.done;
    const mine = { identity: target.identity, done: lookNow(target) };
    looks.set(target.name, mine);
    try {
      await mine.done;
    } finally {
      if (looks.get(target.name) === mine) looks.delete(target.name);
    }
  }

  function healthOf(name: string): ConnectionHealth {
    const found = known.get(name);
    const current = parts.targets().find((target) => target.name === name);
    return found === undefined || found.identity !== current?.identity ? { state: "unknown" } : found.health;
  }

  /** Whether it was seen after that time; a wall clock that was stepped back makes nothing new. */
  function isSince({ checkedAt }: ConnectionHealth, time: number): boolean {
    return checkedAt !== undefined && checkedAt >= time && checkedAt <= clock.wall();
  }

  async function healthWithin(
    names: readonly string[],
    ms: number,
  ): Promise<ReadonlyMap<string, ConnectionHealth>> {
    const since = clock.wall() - ms;
    const late = new AbortController();
    const asked = new Set(names);
    const stale = parts.targets().filter(({ name }) => asked.has(name) && !isSince(healthOf(name), since));
    await endsInTime(lookAtAll(stale, late.signal), ANSWER_MS, clock, stopping.signal);
    late.abort();
    return new Map(
      names.map((name) => {
        const health = healthOf(name);
        return [name, isSince(health, since) ? health : { state: "unknown" }];
      }),
    );
  }

  async function lookNow({ name, identity, probe }: ProbeTarget): Promise<void> {
    if (stopping.signal.aborted) return;
    const late = new AbortController();
    const unschedule = clock.schedule(ANSWER_MS, () => late.abort());
    let health: ConnectionHealth;
    try {
      const { milliseconds } = await probe(AbortSignal.any([stopping.signal, late.signal]));
      health = { state: "up", checkedAt: clock.wall(), milliseconds };
    } catch (error) {
      if (stopping.signal.aborted) return;
      const detail = late.signal.aborted ? `no answer within ${ANSWER_MS / 1000} s` : messageOf(error);
      health = { state: "down", checkedAt: clock.wall(), detail };
    } finally {
      unschedule();
    }
    const before = known.get(name);
    known.set(name, { identity, health });
    const wasDown = before?.health.state === "down";
    const isNews = health.state === "down" ? !wasDown || before.identity !== identity : wasDown;
    if (isNews) parts.turned(name, health);
  }

  plan(pace.first);
  return {
    health: healthOf,
    healthWithin,
    lookSoon() {
      if (running === undefined) plan(pace.first);
      else again = true;
    },
    async stop() {
      stopping.abort();
      cancel();
      await running;
      await Promise.all([...looks.values()].map(({ done }) => done));
    },
  };
}
