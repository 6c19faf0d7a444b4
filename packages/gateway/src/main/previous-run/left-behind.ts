import type { Logger } from "pino";
import type { AuditLog } from "../../audit/log.ts";
import type { RecordPrincipal } from "../../audit/records.ts";
import type { ConnectionConfiguration } from "../../configuration/types.ts";
import type { LeftBehind, AnyProtocol } from "../../gate/protocol.ts";
import type { Clock } from "../../kernel/clock.ts";
import { messageOf } from "../../kernel/errors.ts";

/** Ends what earlier runs of this gateway left running on its targets. */
export interface LeftBehindSweep {
  /** Looks at targets that were not looked at yet: after a reload. */
  lookSoon(): void;
  /** Ends what is under way. */
  stop(): Promise<void>;
}

export interface LeftBehindParts {
  readonly clock: Clock;
  readonly log: AuditLog;
  readonly logger: Logger;
  /** Who the gateway is in its own records. */
  readonly principal: RecordPrincipal;
  /** The connections in force, and their configuration's digest. */
  readonly configuration: () => {
    readonly connections: ReadonlyMap<string, ConnectionConfiguration>;
    readonly digest: string;
  };
  readonly protocols: readonly AnyProtocol[];
}

/** A target that could not be asked is asked again so soon, milliseconds, and later and later up to the second. */
const AGAIN_MS = 1000;
const MAX_AGAIN_MS = 30_000;
/** Targets that are looked at in one moment. */
const MAX_TARGETS = 8;

/**
 * Looks at every target once: at start, and where it cannot be asked then, once it can. What is found is ended and
 * recorded, also where its grant goes on: whoever ran it lost their connection with the gateway that died.
 */
export function sweepLeftBehind(parts: LeftBehindParts): LeftBehindSweep {
  const { clock, log, logger } = parts;
  const stopping = new AbortController();
  /** Targets that are known to hold nothing of an earlier run. */
  const done = new WeakSet<object>();
  const recorded = new Set<string>();
  let wait = AGAIN_MS;
  let cancel: () => void = () => undefined;
  let running: Promise<void> | undefined;
  let again = false;

  const record = (connection: string, found: LeftBehind): void => {
    if (recorded.has(found.process)) return;
    if (found.confirmed) recorded.add(found.process);
    const { grant, what, wasRunning, confirmed } = found;
    logger.warn({ connection, grant, what, confirmed }, "ended what an earlier run left on the target");
    try {
      log.append({
        type: "session.ended_upstream",
        principal: parts.principal,
        grant,
        connection,
        configuration: parts.configuration().digest,
        detail: {
          confirmed,
          reason: "an earlier run of this gateway left it",
          running: wasRunning,
          what,
        },
      });
      log.flush();
    } catch (error) {
      logger.error({ error: messageOf(error) }, "could not record what was ended");
    }
  };

  const look = async ({ name, kind, target }: ConnectionConfiguration): Promise<void> => {
    const protocol = parts.protocols.find((each) => each.kind === kind);
    const isKnown = typeof target === "object" && target !== null && done.has(target);
    if (protocol?.endLeftBehind === undefined || isKnown || stopping.signal.aborted) return;
    try {
      const all = await protocol.endLeftBehind(target, stopping.signal);
      for (const found of all) record(name, found);
      if (all.every(({ confirmed }) => confirmed)) done.add(target as object);
      else again = true;
    } catch (error) {
      logger.debug({ connection: name, error: messageOf(error) }, "cannot look for what an earlier run left");
      again = true;
    }
  };

  const round = async (): Promise<void> => {
    const waiting = [...parts.configuration().connections.values()];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await look(next);
    };
    await Promise.all(Array.from({ length: MAX_TARGETS }, work));
  };

  const plan = (ms: number): void => {
    cancel();
    if (stopping.signal.aborted) return;
    cancel = clock.schedule(ms, () => {
      again = false;
      running = round().finally(() => {
        running = undefined;
        if (!again) return;
        wait = Math.min(wait * 2, MAX_AGAIN_MS);
        plan(wait);
      });
    });
  };

  plan(0);
  return {
    lookSoon() {
      again = true;
      wait = AGAIN_MS;
      if (running === undefined) plan(0);
    },
    async stop() {
      stopping.abort();
      cancel();
      await running;
    },
  };
}
