import { refuse } from "./denied.ts";

/**
 * How much work one text may cost, all its statements and all scopes together: names looked at, nodes visited. About
 * a tenth of a second, in a worker of its own. Without it, a statement of a thousand tables and a hundred thousand
 * column names would be judged for minutes.
 */
export const MAX_WORK = 20_000_000;
/** The same on the thread that serves everybody: about a millisecond. What costs more goes to a worker. */
export const MAX_INLINE_WORK = 200_000;
/** Values shorter than this do not add up: a statement may call such functions on many columns. */
const MIN_NOTICED_CHARACTERS = 200_000;

/** What judging one text has cost and looked at so far. Everything that judges it has the same one. */
export class Work {
  #left: number;
  #characters = 0;
  #hasReadConstant = false;

  /** @param budget how much the text may cost */
  constructor(budget: number) {
    this.#left = budget;
  }

  /** @throws GuardDenied when the text's budget is spent */
  spend(amount: number): void {
    this.#left -= amount;
    if (this.#left < 0)
      refuse(
        "limits",
        "the statement is too large to be judged",
        "split it, or name fewer tables and columns",
      );
  }

  /** Whether the text's budget was spent: then a denial says nothing of the text but its size. */
  get isSpent(): boolean {
    return this.#left < 0;
  }

  /** A statement's values are made one statement after another: each starts at nothing. */
  startStatement(): void {
    this.#characters = 0;
  }

  /** Notes that the statement makes a value of that many characters. */
  grow(size: number): void {
    if (size >= MIN_NOTICED_CHARACTERS) this.#characters += size;
  }

  /** How many characters the statement's large values have together, as far as it has been judged. */
  get grown(): number {
    return this.#characters;
  }

  /** Told by whoever looks at a constant's value: the verdict then holds for that value alone. */
  constantRead(): void {
    this.#hasReadConstant = true;
  }

  get hasReadConstant(): boolean {
    return this.#hasReadConstant;
  }
}
