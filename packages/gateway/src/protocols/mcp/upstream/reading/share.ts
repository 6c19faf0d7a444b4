import { INLINE_BODY_BYTES, MAX_JSON_VALUES } from "../../../../gate/bounds.ts";
import type { SharedUse } from "../../../../gate/web/sessions/sharing.ts";
import { hasMoreValues } from "../../../../kernel/json-values.ts";

/** An upstream server said more at a time than is passed on. */
export class AnswerTooLarge extends Error {
  constructor() {
    super("the server's answer is larger than the gateway passes on");
  }
}

/** Parses a text of JSON. @throws AnswerTooLarge when it holds more values than are parsed; SyntaxError */
export function parseBounded(text: string): unknown {
  // Every value takes at least two characters.
  if (text.length / 2 > MAX_JSON_VALUES && hasMoreValues(Buffer.from(text), MAX_JSON_VALUES))
    throw new AnswerTooLarge();
  return JSON.parse(text) as unknown;
}

/** Whose the answers are: what they take counts there. */
export type AnswerShare = Pick<SharedUse, "borrow" | "heavy" | "key">;

/** The memory that one answer takes while it comes. */
export class Borrowed {
  readonly #share: AnswerShare | undefined;
  #giveBack: (() => void)[] = [];

  constructor(share: AnswerShare | undefined) {
    this.#share = share;
  }

  /** @throws Busy when there is no room for it in memory */
  take(bytes: number): void {
    if (this.#share !== undefined) this.#giveBack.push(this.#share.borrow(bytes));
  }

  giveBack(): void {
    const all = this.#giveBack;
    this.#giveBack = [];
    for (const each of all) each();
  }
}

/** Told once of what came of some work. */
type Done<Made> = (error: unknown, made?: Made) => void;

/** Does something with the bytes of an answer: at once where they are few, and else in its principal's turn. */
export function inTurn<Made>(
  share: AnswerShare | undefined,
  bytes: number,
  work: () => Made,
  done: Done<Made>,
): void {
  if (share !== undefined && bytes > INLINE_BODY_BYTES) {
    void settled(() => share.heavy.run(share.key, work), done);
    return;
  }
  let made: Made;
  try {
    made = work();
  } catch (error) {
    done(error);
    return;
  }
  done(undefined, made);
}

async function settled<Made>(run: () => Promise<Made>, done: Done<Made>): Promise<void> {
  let made: Made;
  try {
    made = await run();
  } catch (error) {
    done(error);
    return;
  }
  done(undefined, made);
}
