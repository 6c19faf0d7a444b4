import type { AuditLog } from "../audit/log.ts";
import type { Denial } from "./protocol.ts";
import type { TurnSender } from "./gate.ts";

/**
 * One turn of the event loop. Everything judged in it, on all sockets, is written to the log with one write; only then
 * do the acts leave. When that write fails, every act of the turn is refused instead.
 */
export interface Turn {
  /** Ensures that the records queued in this turn are written at its end. */
  written(): void;
  /**
   * Ensures that queued records are written soon: with the next turn that has something to write, or after 5 ms. For
   * outcomes, on which nothing waits: a write of their own would cost as much as the intent's.
   */
  writtenSoon(): void;
  /** Like `written`; the sender is then told whether its acts may leave. Many calls a turn count once. */
  leaves(sender: TurnSender): void;
  /** Ends the turn now: for tests and for shutdown. */
  end(): void;
}

/** The denial of an act whose intent cannot be recorded. */
export function unrecorded(why: string): Denial {
  return {
    rule: "audit log",
    message: `refused, because it could not be recorded: ${why}`,
    remedy: "retry",
    hint: "nothing was sent upstream; try again once the gateway's operator has mended its audit log",
  };
}

/** The longest that an outcome waits for a turn's write, milliseconds. */
const OUTCOME_DELAY_MS = 5;

/**
 * @param log where the turn's records go
 * @param failed told when a sender threw, so that a fault in one session is seen and touches no other
 */
export function createTurn(log: AuditLog, failed: (error: unknown) => void): Turn {
  let scheduled = false;
  let soonScheduled = false;
  /** The log's count of losses when this turn's first record was queued. */
  let losses = 0;
  let senders = new Set<TurnSender>();

  const tell = (each: (sender: TurnSender) => void, all: ReadonlySet<TurnSender>): void => {
    for (const sender of all) {
      try {
        each(sender);
      } catch (error) {
        failed(error);
      }
    }
  };

  const end = (): void => {
    scheduled = false;
    const all = senders;
    if (all.size > 0) senders = new Set();
    try {
      log.flush();
      // An earlier flush in this turn may have dropped the records queued here.
      if (log.losses !== losses) throw new Error("the audit log dropped this turn's records");
    } catch (error) {
      failed(error);
      const denial = unrecorded(log.unavailable ?? "the write failed");
      tell((sender) => sender.refuse(denial), all);
      return;
    }
    tell((sender) => sender.leave(), all);
  };

  const written = (): void => {
    if (scheduled) return;
    scheduled = true;
    losses = log.losses;
    // The check phase follows the poll phase in which sockets are read: the end of this turn.
    setImmediate(end);
  };

  return {
    written,
    writtenSoon() {
      if (scheduled || soonScheduled) return;
      soonScheduled = true;
      setTimeout(() => {
        soonScheduled = false;
        if (!scheduled) end();
      }, OUTCOME_DELAY_MS).unref();
    },
    leaves(sender) {
      senders.add(sender);
      written();
    },
    end,
  };
}
