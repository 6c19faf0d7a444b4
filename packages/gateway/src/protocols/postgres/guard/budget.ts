import { refuse } from "./refusal.ts";

/**
 * How much work one statement may cost: names looked at, nodes visited. About a tenth of a second. Without it, a
 * statement of a thousand tables and a hundred thousand column names would hold up every other session.
 */
const most = 20_000_000;
/** Judging is synchronous, so one counter serves. */
let left = most;

let characters = 0;
/** Values shorter than this do not add up: a statement may call such functions on many columns. */
const noticed = 200_000;

/** Starts a statement's budget afresh. */
export function startBudget(): void {
  left = most;
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

/** @throws Refusal when the statement's budget is spent */
export function spend(amount: number): void {
  left -= amount;
  if (left < 0)
    refuse("limits", "the statement is too large to be judged", "split it, or name fewer tables and columns");
}
