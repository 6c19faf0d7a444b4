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
  /** What a look that begins now says of these targets; `unknown` where that takes longer than a target may take. */
  healthNow(names: readonly string[]): Promise<ReadonlyMap<string, ConnectionHealth>>;
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
  readonly begun: number;
}

/** A look that is under way. */
interface Look {
  readonly identity: unknown;
  readonly begun: number;
  readonly done: Promise<void>;
}

/** @param enough once it has aborted, no further one is looked at */
async function lookAtAll(
  all: readonly ProbeTarget[],
  enough: AbortSignal,
  look: (target: ProbeTarget) => Promise<void>,
): Promise<void> {
  const waiting = [...all];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && !enough.aborted; next = waiting.shift())
      await look(next);
  };
  await Promise.all(Array.from({ length: MAX_AT_ONCE }, work));
}

/** Starts looking at targets, again and again. */
export function createProbing(parts: ProbingParts): Probing {
  const { clock, pace } = parts;
  const random = parts.random ?? Math.random;
  const known = new Map<string, Known>();
  /** Under way. */
  const looks = new Map<string, Look>();
  /** Numbers looks and questions in their order: a clock's milliseconds hold several. */
  let turn = 0;
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
    await lookAtAll(all, stopping.signal, (target) => look(target, stopping.signal));
  }

  /**
   * One look at a target at a time: who may not share the one under way waits for it, and shares the next.
   * @param after those that began after this turn are shared
   */
  async function look(target: ProbeTarget, enough: AbortSignal, after = 0): Promise<void> {
    const underWay = (): Look | undefined => {
      const found = looks.get(target.name);
      return found?.identity === target.identity ? found : undefined;
    };
    for (let before = underWay(); before !== undefined; before = underWay()) {
      await before.done;
      if (before.begun > after || enough.aborted) return;
    }
    turn += 1;
    const mine = { identity: target.identity, begun: turn, done: lookNow(target, turn) };
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

  async function healthNow(names: readonly string[]): Promise<ReadonlyMap<string, ConnectionHealth>> {
    turn += 1;
    const asked = turn;
    const late = new AbortController();
    const named = new Set(names);
    const targets = parts.targets().filter(({ name }) => named.has(name));
    const looking = lookAtAll(targets, late.signal, (target) => look(target, late.signal, asked));
    await endsInTime(looking, ANSWER_MS, clock, stopping.signal);
    late.abort();
    const isNew = (name: string): boolean => (known.get(name)?.begun ?? 0) > asked;
    return new Map(names.map((name) => [name, isNew(name) ? healthOf(name) : { state: "unknown" }]));
  }

  async function lookNow({ name, identity, probe }: ProbeTarget, begun: number): Promise<void> {
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
    known.set(name, { identity, health, begun });
    const wasDown = before?.health.state === "down";
    const isNews = health.state === "down" ? !wasDown || before.identity !== identity : wasDown;
    if (isNews) parts.turned(name, health);
  }

  plan(pace.first);
  return {
    health: healthOf,
    healthNow,
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
