import { refuse } from "./refusal.ts";

/**
 * How much work one text may cost, all its statements and all scopes together: names looked at, nodes visited. About
 * a tenth of a second, in a worker of its own. Without it, a statement of a thousand tables and a hundred thousand
 * column names would be judged for minutes.
 */
export const MAX_WORK = 20_000_000;
/** The same on the thread that serves everybody: about a millisecond. What costs more goes to a worker. */
export const MAX_INLINE_WORK = 200_000;
/** Judging is synchronous, so one counter serves. */
let left = MAX_WORK;

let characters = 0;
/** Values shorter than this do not add up: a statement may call such functions on many columns. */
const noticed = 200_000;

/** Starts a text's budget afresh. */
export function startBudget(work: number): void {
  left = work;
  characters = 0;
}

/** Whether the text's budget was spent: then a denial says nothing of the text but its size. */
export function isBudgetSpent(): boolean {
  return left < 0;
}

/** A statement's values are made one statement after another: each starts at nothing. */
export function startStatement(): void {
  characters = 0;
}

/** Notes that the statement makes a value of that many characters. */
export function grow(size: number): void {
  if (size >= noticed) characters += size;
}

/** How many characters the statement's large values have together, as far as it has been judged. */
export function grown(): number {
  return characters;
}

/** @throws Refusal when the text's budget is spent */
export function spend(amount: number): void {
  left -= amount;
  if (left < 0)
    refuse("limits", "the statement is too large to be judged", "split it, or name fewer tables and columns");
}
