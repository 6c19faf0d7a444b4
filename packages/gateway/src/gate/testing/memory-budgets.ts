import type { BudgetStore } from "../../grants/budgets.ts";
import { aheadOf } from "../../kernel/taken-ahead.ts";

/** A budget store in memory. */
export interface MemoryBudgets extends BudgetStore {
  /** Taken and not given back, by `grant operation`. */
  readonly taken: Map<string, number>;
  /** What was asked of it, in order. */
  readonly calls: string[];
  /** Why it fails, while it does. */
  broken: string | undefined;
}

export function memoryBudgets(): MemoryBudgets {
  const taken = new Map<string, number>();
  const calls: string[] = [];
  const asked = (what: string): void => {
    calls.push(what);
    if (made.broken !== undefined) throw new Error(made.broken);
  };
  const made: MemoryBudgets = {
    taken,
    calls,
    broken: undefined,
    async take(grant, operation, budget, wanted) {
      asked(`take ${wanted}`);
      const key = `${grant} ${operation}`;
      const before = taken.get(key) ?? 0;
      const left = Math.max(budget - before, 0);
      const amount = left <= wanted ? left : wanted + aheadOf(left - wanted);
      taken.set(key, before + amount);
      return amount;
    },
    async giveBack(grant, operation, unused) {
      asked(`give back ${unused}`);
      const key = `${grant} ${operation}`;
      taken.set(key, (taken.get(key) ?? 0) - unused);
    },
  };
  return made;
}
