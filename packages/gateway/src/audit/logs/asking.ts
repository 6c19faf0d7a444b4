import type { Clock } from "../../kernel/clock.ts";
import type { Exchange } from "./exchange.ts";
import type { LogQuestion, NumberedLog } from "./port.ts";

/** What came of a question to several logs. */
export interface Asked {
  /** What those have answered that did in time, by the logs' ids. */
  readonly said: ReadonlyMap<string, unknown>;
  /** The ids of those that were not asked because too many questions wait here, and not for a fault of theirs. */
  readonly unasked: ReadonlySet<string>;
}

/** Asks the logs of gateways that live. */
export interface Asking {
  ask<Log extends NumberedLog>(logs: readonly Log[], questionFor: (log: Log) => LogQuestion): Promise<Asked>;
  /** Whether a log's gateway lives, whatever it answers. */
  lives(log: NumberedLog): boolean;
}

/** What it is made of. */
export interface AskingParts {
  readonly clock: Clock;
  readonly exchange: Pick<Exchange, "ask">;
  /** The gateways that live, by their names, each with what changes whenever it says that it does. */
  readonly signs: () => ReadonlyMap<string, string>;
}

/**
 * One that was killed counts as living until its signs are old. Whoever lets a question wait in vain is asked no more until
 * it has given a sign since, so that one search waits for it and not each.
 */
export function createAsking({ clock, exchange, signs }: AskingParts): Asking {
  /** By a log's id: the sign after which it said nothing. */
  const silentSince = new Map<string, string>();
  const heardAt = new Map<string, number>();
  return {
    async ask(logs, questionFor) {
      const now = signs();
      const asked = logs.filter(({ id, name }) => now.has(name) && silentSince.get(id) !== now.get(name));
      const begun = clock.monotonic();
      const answers = await exchange.ask(new Map(asked.map((log) => [log.id, questionFor(log)])));
      if (answers === undefined) return { said: new Map(), unasked: new Set(asked.map(({ id }) => id)) };
      const { said, heard, silent } = answers;
      for (const id of heard) {
        heardAt.set(id, clock.monotonic());
        silentSince.delete(id);
      }
      for (const { id, name } of asked)
        // One that has answered others meanwhile is busy.
        if (silent.includes(id) && (heardAt.get(id) ?? -1) < begun) silentSince.set(id, now.get(name) ?? "");
      return { said, unasked: new Set() };
    },
    lives: ({ name }) => signs().has(name),
  };
}
