import type { Clock } from "../../kernel/clock.ts";
import { LANES, type Lane, type LogQuestion, type LogQuestions, type PutQuestion } from "./port.ts";
import { readQuestion } from "./questions.ts";
import { MAX_WAIT_MS } from "../../kernel/gateways.ts";

/** An answer takes no longer than this from its question on, milliseconds: what comes later than the asker waits is lost. */
const MAX_ANSWER_MS = MAX_WAIT_MS - 500;
/** Looks for questions this often, in case the store cannot be heard, and for those that were left behind. Milliseconds. */
const LOOK_EVERY_MS = 1000;
const FORGET_EVERY_MS = 30_000;
/** Characters of an answer: it passes through the store. */
const MAX_ANSWER_LENGTH = 8 * 1024 * 1024;
/** What is said where there is no answer: that this gateway lives. */
const NO_ANSWER = "{}";

/** This gateway's side that is asked. */
export interface Answering {
  /** The store may have questions. */
  look(): void;
  /** Breaks off the answers under way, and waits for them. */
  close(): Promise<void>;
}

/** What it is made of. */
export interface AnsweringParts {
  readonly clock: Clock;
  readonly questions: Pick<LogQuestions, "next" | "answer" | "forgetOld">;
  /** This gateway's log. */
  readonly own: string;
  /** Answers a question, and stops once nobody waits. What it throws is no answer. */
  readonly answer: (question: LogQuestion, signal: AbortSignal) => Promise<unknown>;
  readonly onProblem: (error: unknown) => void;
}

/** Starts answering what this gateway's log is asked: one question after another in each lane, so that others cost it so much. */
export function startAnswering({ clock, questions, own, answer, onProblem }: AnsweringParts): Answering {
  const closing = new AbortController();
  const lanes = LANES.map((name) => startLane(name));
  let forgotten = clock.monotonic();
  let cancel: (() => void) | undefined;

  function startLane(name: Lane) {
    let isAsked = false;
    let running: Promise<void> | undefined;
    async function answerAll(): Promise<void> {
      while (isAsked && !closing.signal.aborted) {
        isAsked = false;
        // One at a time: whoever has gone meanwhile has taken the question back.
        const put = await questions.next(own, name);
        if (put === undefined) continue;
        isAsked = true;
        await questions.answer(put.id, await textFor(put));
      }
    }
    return {
      look(): void {
        isAsked = true;
        // A store that is away says so elsewhere.
        running ??= answerAll()
          .catch(() => undefined)
          .finally(() => {
            running = undefined;
          });
      },
      async ended(): Promise<void> {
        await running;
      },
    };
  }

  async function textFor({ body, age }: PutQuestion): Promise<string> {
    const late = new AbortController();
    const cancelLate = clock.schedule(MAX_ANSWER_MS - age, () => late.abort());
    try {
      const said = await answer(readQuestion(body), AbortSignal.any([late.signal, closing.signal]));
      const text = JSON.stringify({ said });
      return text.length > MAX_ANSWER_LENGTH ? NO_ANSWER : text;
    } catch (error) {
      if (!late.signal.aborted && !closing.signal.aborted) onProblem(error);
      return NO_ANSWER;
    } finally {
      cancelLate();
    }
  }

  function look(): void {
    if (!closing.signal.aborted) for (const lane of lanes) lane.look();
  }

  function again(): void {
    look();
    if (clock.monotonic() - forgotten >= FORGET_EVERY_MS) {
      forgotten = clock.monotonic();
      questions.forgetOld().catch(() => undefined);
    }
    cancel = clock.schedule(LOOK_EVERY_MS, again);
  }

  again();
  return {
    look,
    async close() {
      closing.abort();
      cancel?.();
      await Promise.all(lanes.map((lane) => lane.ended()));
    },
  };
}
