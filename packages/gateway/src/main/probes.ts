import type { ConnectionHealth } from "../api/services.ts";
import type { ConnectionConfiguration } from "../configuration/types.ts";
import type { Protocol } from "../gate/protocol.ts";
import type { Clock } from "../kernel/clock.ts";
import { messageOf } from "../kernel/errors.ts";

/** What is known of the targets' health. */
export interface Probes {
  /** What the last look at this connection's target said. */
  health(connection: string): ConnectionHealth;
  /** Looks at all of them soon: after a reload. */
  lookSoon(): void;
  /** Ends what is under way. */
  stop(): Promise<void>;
}

/** What probes are made of. */
export interface ProbesParts {
  readonly clock: Clock;
  /** The connections in force: asked at every look. */
  readonly connections: () => ReadonlyMap<string, ConnectionConfiguration>;
  readonly protocols: readonly Protocol<never, never>[];
  /** From 0 up to, not with, 1: so that many gateways do not look at a target in the same moment. */
  readonly random?: () => number;
}

const every = 30_000;
/** Spread of every wait, as a part of it. */
const jitter = 0.2;
/** The first look comes this soon after the start, milliseconds. */
const first = 500;
/** How long a target may take. */
const patience = 5000;
/** Targets that are looked at in one moment. */
const atOnce = 8;

interface Known {
  /** A target that was configured anew is another target. */
  readonly target: unknown;
  readonly health: ConnectionHealth;
}

/** Starts looking at every target that its protocol can probe, twice a minute. */
export function createProbes(parts: ProbesParts): Probes {
  const { clock, protocols } = parts;
  const random = parts.random ?? Math.random;
  const known = new Map<string, Known>();
  const stopping = new AbortController();
  let cancel: () => void = () => undefined;
  let running: Promise<void> | undefined;
  let again = false;

  function plan(ms: number): void {
    cancel();
    if (stopping.signal.aborted) return;
    cancel = clock.schedule(ms * (1 - jitter / 2 + random() * jitter), () => {
      running = round().finally(() => {
        running = undefined;
        plan(again ? first : every);
        again = false;
      });
    });
  }

  async function round(): Promise<void> {
    const waiting = [...parts.connections().values()];
    for (const name of known.keys()) if (!parts.connections().has(name)) known.delete(name);
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await look(next);
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }

  async function look({ name, kind, target }: ConnectionConfiguration): Promise<void> {
    const protocol = protocols.find((each) => each.kind === kind);
    if (protocol?.probe === undefined || stopping.signal.aborted) return;
    const late = new AbortController();
    const unschedule = clock.schedule(patience, () => late.abort());
    let health: ConnectionHealth;
    try {
      const { milliseconds } = await protocol.probe(target, AbortSignal.any([stopping.signal, late.signal]));
      health = { state: "up", checkedAt: clock.wall(), milliseconds };
    } catch (error) {
      if (stopping.signal.aborted) return;
      const detail = late.signal.aborted ? `no answer within ${patience / 1000} s` : messageOf(error);
      health = { state: "down", checkedAt: clock.wall(), detail };
    } finally {
      unschedule();
    }
    known.set(name, { target, health });
  }

  plan(first);
  return {
    health(connection) {
      const found = known.get(connection);
      const current = parts.connections().get(connection);
      return found === undefined || found.target !== current?.target ? { state: "unknown" } : found.health;
    },
    lookSoon() {
      if (running === undefined) plan(first);
      else again = true;
    },
    async stop() {
      stopping.abort();
      cancel();
      await running;
    },
  };
}
