/** How many acts of an operation a grant has had, over all gateways that share the store, and after a restart too. */
export interface BudgetStore {
  /**
   * Takes acts from what is left of a grant's budget, in one step: never more than is left, whoever takes at the same time.
   * @param budget how many acts the grant may have in all
   * @param wanted how many are needed now
   * @returns how many were taken: fewer than `wanted` where no more are left; more where plenty are, see `aheadOf` in kernel/taken-ahead.ts
   */
  take(grant: string, operation: string, budget: number, wanted: number): Promise<number>;
  /** Gives back acts that were taken and not had. */
  giveBack(grant: string, operation: string, unused: number): Promise<void>;
}
