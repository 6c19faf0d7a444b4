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

/**
 * Something that is done with a part of an answer: at once where that is small, else in its principal's turn. Until then what
 * it is about is kept, and counted; dropped, it is not.
 */
export class Later<About, Made = unknown> {
  readonly #share: AnswerShare | undefined;
  readonly #bytes: number;
  readonly #work: (about: About) => Made;
  readonly #done: Done<Made>;
  readonly #borrowed: Borrowed;
  #about: { readonly it: About } | undefined;

  /** @throws Busy when there is no room for it in memory */
  constructor(
    share: AnswerShare | undefined,
    bytes: number,
    about: About,
    work: (about: About) => Made,
    done: Done<Made>,
  ) {
    this.#share = share;
    this.#bytes = bytes;
    this.#about = { it: about };
    this.#work = work;
    this.#done = done;
    this.#borrowed = new Borrowed(share);
    this.#borrowed.take(bytes);
  }

  start(): void {
    const share = this.#share;
    if (share === undefined || this.#bytes <= INLINE_BODY_BYTES) this.#run();
    else void share.heavy.run(share.key, () => this.#run());
  }

  /** Gives it up: nothing is done, nothing told. Safe to call twice. */
  drop(): void {
    this.#about = undefined;
    this.#borrowed.giveBack();
  }

  #run(): void {
    const about = this.#about;
    if (about === undefined) return;
    let made: Made;
    try {
      made = this.#work(about.it);
    } catch (error) {
      this.drop();
      this.#done(error);
      return;
    }
    this.drop();
    this.#done(undefined, made);
  }
}
