import { randomUUID } from "node:crypto";
import type { Clock } from "../../kernel/clock.ts";
import { startAnswering, type AnsweringParts } from "./answering.ts";
import type { LogQuestion, LogQuestions } from "./port.ts";
import { laneOf } from "./questions.ts";
import { MAX_WAIT_MS } from "../../kernel/gateways.ts";

/** Looks for answers this often while any is awaited, in case the store cannot be heard; milliseconds. */
const LOOK_FOR_ANSWERS_MS = 250;
/** Calls that wait for answers at once; further ones wait for their turn, no longer than for an answer. */
const MAX_CALLS = 8;

/** What logs have said. */
export interface Answers {
  /** By the logs' ids. */
  readonly said: ReadonlyMap<string, unknown>;
  /** Those that gave word in time, be it that there is no answer. */
  readonly heard: readonly string[];
  /** Those that were asked and let it wait, with not even word that there is no answer. */
  readonly silent: readonly string[];
}

/** Asks other gateways' logs, and has this one's answer. */
export interface Exchange {
  /** Asks several logs at once, by their ids. @returns undefined where nobody was asked: too many calls wait already */
  ask(bodies: ReadonlyMap<string, LogQuestion>): Promise<Answers | undefined>;
  /** The store has told of questions, or answers. */
  heard(): void;
  /** Ends the answers under way. */
  close(): Promise<void>;
}

/** What it is made of. */
export interface ExchangeParts extends Omit<AnsweringParts, "questions"> {
  readonly questions: LogQuestions;
}

/** Starts answering what this gateway's log is asked. */
export function startExchange(parts: ExchangeParts): Exchange {
  const { clock, questions } = parts;
  const looks = new Set<() => void>();
  const places = callPlaces(clock);
  const answering = startAnswering(parts);

  async function awaitAnswers(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const { promise, resolve } = Promise.withResolvers<ReadonlyMap<string, string>>();
    const found = new Map<string, string>();
    let isLooking = false;
    let stopPolling: (() => void) | undefined;
    const look = async (): Promise<void> => {
      if (isLooking) return;
      isLooking = true;
      try {
        // An answer has megabytes: it is read once.
        const missing = ids.filter((id) => !found.has(id));
        for (const [id, answer] of await questions.answers(missing)) found.set(id, answer);
        if (found.size === ids.length) resolve(found);
      } catch {
        // The next look may do better.
      } finally {
        isLooking = false;
      }
    };
    const lookNow = (): void => void look();
    const poll = (): void => {
      stopPolling = clock.schedule(LOOK_FOR_ANSWERS_MS, () => {
        lookNow();
        poll();
      });
    };
    looks.add(lookNow);
    const stopWaiting = clock.schedule(MAX_WAIT_MS, () => resolve(found));
    poll();
    try {
      return await promise;
    } finally {
      looks.delete(lookNow);
      stopWaiting();
      stopPolling?.();
    }
  }

  return {
    async ask(bodies) {
      if (bodies.size === 0) return { said: new Map(), heard: [], silent: [] };
      if (!(await places.enter())) return undefined;
      const asked = Array.from(bodies, ([log, body]) => ({ id: randomUUID() as string, log, body }));
      const ids = asked.map(({ id }) => id);
      try {
        await questions.ask(
          asked.map(({ id, log, body }) => ({ id, log, lane: laneOf(body), body: JSON.stringify(body) })),
        );
        const answers = await awaitAnswers(ids);
        const said = new Map<string, unknown>();
        for (const { id, log } of asked) {
          const it = saidIn(answers.get(id));
          if (it !== undefined) said.set(log, it);
        }
        const [heard, silent] = [true, false].map((has) =>
          asked.filter(({ id }) => answers.has(id) === has).map(({ log }) => log),
        );
        return { said, heard: heard ?? [], silent: silent ?? [] };
      } finally {
        places.leave();
        questions.forget(ids).catch(() => undefined);
      }
    },
    heard() {
      answering.look();
      for (const look of looks) look();
    },
    close: () => answering.close(),
  };
}

/** What an answer says; undefined: nothing. */
function saidIn(answer: string | undefined): unknown {
  if (answer === undefined) return undefined;
  try {
    return (JSON.parse(answer) as { readonly said?: unknown } | null)?.said;
  } catch {
    return undefined;
  }
}

interface CallPlaces {
  /** Waits for a place. @returns whether there is one */
  enter(): Promise<boolean>;
  leave(): void;
}

function callPlaces(clock: Clock): CallPlaces {
  const queue: (() => void)[] = [];
  let places = MAX_CALLS;
  return {
    async enter() {
      if (places > 0) {
        places -= 1;
        return true;
      }
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const enterNow = (): void => resolve(true);
      queue.push(enterNow);
      const stop = clock.schedule(MAX_WAIT_MS, () => {
        queue.splice(queue.indexOf(enterNow), 1);
        resolve(false);
      });
      const has = await promise;
      stop();
      return has;
    },
    leave() {
      const next = queue.shift();
      if (next === undefined) places += 1;
      else next();
    },
  };
}
