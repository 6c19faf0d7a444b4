import { refuse } from "./refusal.ts";

/**
 * How much work one statement may cost: names looked at, nodes visited. About a tenth of a second. Without it, a
 * statement of a thousand tables and a hundred thousand column names would hold up every other session.
 */
const most = 20_000_000;
/** Judging is synchronous, so one counter serves. */
let left = most;

/** Starts a statement's budget afresh. */
export function startBudget(): void {
  left = most;
}

/** @throws Refusal when the statement's budget is spent */
export function spend(amount: number): void {
  left -= amount;
  if (left < 0)
    refuse("limits", "the statement is too large to be judged", "split it, or name fewer tables and columns");
}
