import { randomInt } from "node:crypto";
import type { Clock } from "../../kernel/clock.ts";
import type { FromWorker, Subject, ToWorker } from "./messages.ts";

/** The other workers behind the same ports, as one of them reaches them: through the supervisor, which only hands on. */
export interface Siblings {
  /** This one, from 1. */
  readonly own: number;
  /** All of them, this one included. */
  readonly count: number;
  /** Asks one. @returns what it answers; undefined when it does not in time, or too many on it wait for an answer */
  ask(worker: number, subject: Subject, body: unknown): Promise<unknown>;
  /** Asks all others at once. @returns what those say that answer in time, by their number */
  askAll(subject: Subject, body: unknown): Promise<ReadonlyMap<number, unknown>>;
  /** Says what this one answers; undefined is no answer. */
  answer(subject: Subject, how: (body: unknown) => unknown): void;
}

/** A worker that says nothing for this long is taken for one that is gone, milliseconds. */
const ANSWER_MS = 1000;
/**
 * Questions that may wait for the answer of one worker, by what they are about. Clients can cause them, so those of one
 * kind take no place of another's. Anyone may send a cancel request, before any login, and each asks every other worker:
 * more than these do nothing, as one with a wrong key does.
 */
const MAX_WAITING: Readonly<Record<Subject, number>> = { proof: 1024, grant: 256, cancel: 32, metrics: 8 };
/** Question ids begin below this, so that they stay whole numbers for as long as a process lives. */
const MAX_FIRST_ID = 2 ** 47;

/** The part of it that hears the supervisor. */
export interface ManagedSiblings extends Siblings {
  /** Takes a message of the supervisor, if it is one of these. */
  heard(message: ToWorker): void;
}

/** @param send to the supervisor; what it throws or loses is an answer that does not come */
export function createSiblings(parts: {
  readonly own: number;
  readonly count: number;
  readonly clock: Pick<Clock, "schedule">;
  readonly send: (message: FromWorker) => void;
  readonly fault: (error: unknown) => void;
}): ManagedSiblings {
  const { own, count, clock, send } = parts;
  const waiting = new Map<number, { readonly to: number; readonly tell: (body: unknown) => void }>();
  const counts = new Map<string, number>();
  const answers = new Map<Subject, (body: unknown) => unknown>();
  // An answer to the run before, which comes after a restart, is none to a question of this one.
  let last = randomInt(MAX_FIRST_ID);

  async function ask(to: number, subject: Subject, body: unknown): Promise<unknown> {
    const place = `${subject} ${to}`;
    const before = counts.get(place) ?? 0;
    if (to === own || to < 1 || to > count || before >= MAX_WAITING[subject]) return undefined;
    counts.set(place, before + 1);
    last += 1;
    const id = last;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    waiting.set(id, { to, tell: resolve });
    const cancel = clock.schedule(ANSWER_MS, () => resolve(undefined));
    try {
      send({ kind: "ask", to, id, subject, body });
      return await promise;
    } finally {
      cancel();
      waiting.delete(id);
      counts.set(place, (counts.get(place) ?? 1) - 1);
    }
  }

  async function answerTo({ from, id, subject, body }: ToWorker & { kind: "asked" }): Promise<void> {
    try {
      const said = await answers.get(subject)?.(body);
      if (said !== undefined) send({ kind: "answer", to: from, id, body: said });
    } catch (error) {
      parts.fault(error);
    }
  }

  return {
    own,
    count,
    ask,
    async askAll(subject, body) {
      const others = Array.from({ length: count }, (_, index) => index + 1).filter((each) => each !== own);
      const said = await Promise.all(
        others.map(async (each) => [each, await ask(each, subject, body)] as const),
      );
      return new Map(said.filter(([, answer]) => answer !== undefined));
    },
    answer: (subject, how) => void answers.set(subject, how),
    heard(message) {
      if (message.kind === "asked") void answerTo(message);
      else if (message.kind === "answered") {
        const question = waiting.get(message.id);
        // Nobody answers for another.
        if (question?.to === message.from) question.tell(message.body);
      }
    },
  };
}
