import type { BudgetStore } from "../../grants/budgets.ts";
import { aheadOf } from "../../kernel/taken-ahead.ts";
import type { LiveGrant } from "../../grants/types.ts";
import type { Clock } from "../../kernel/clock.ts";
import { messageOf } from "../../kernel/errors.ts";
import type { Denial } from "../protocol.ts";

/** Counts the acts of operations that have a budget for a grant's whole life, over all of its sessions and gateways. */
export interface Budgets {
  /**
   * Consumes one of an operation's budget.
   * @returns undefined when there was one, else the denial; a promise when the store has to be asked: once it resolves
   * (it never rejects), consume again
   */
  consume(live: LiveGrant, operation: string, budget: number): Denial | undefined | Promise<void>;
  /** Gives back what was taken and not consumed; consume nothing after that. Never rejects. */
  stop(): Promise<void>;
}

/** How long acts that were taken from a budget are kept unused, milliseconds: other gateways may need them. */
export const MAX_UNUSED_MS = 500;
/** How long others are waited for that may give some back, milliseconds. */
export const WAIT_FOR_OTHERS_MS = 2 * MAX_UNUSED_MS;
/** Between looks for what others gave back, milliseconds. */
const LOOK_AGAIN_MS = 100;
/** How long the store's answer that nothing is left, or no answer, is remembered, milliseconds. */
export const REMEMBERED_MS = 1000;

/** What this gateway holds of one grant's budget of one operation. */
interface Held {
  readonly grant: string;
  readonly operation: string;
  /** Taken from the store and not consumed. */
  unused: number;
  /** The budget that those were taken of: a reload may have lowered it since. */
  takenOf: number;
  /** What is being given back: the store says too little until it is there. */
  givingBack: Promise<void> | undefined;
  /** Acts that wait for the next take. */
  waiting: number;
  /** The take that is under way. */
  taking: Promise<void> | undefined;
  /** Why none can be consumed, and until when that is believed, by the monotonic clock. */
  none: { readonly until: number; readonly budget: number; readonly failed?: string } | undefined;
  cancelGivingBack: (() => void) | undefined;
}

/**
 * Makes the budgets of one gateway's grants. The store counts; an act is consumed from what was taken there before, and
 * what a gateway that is killed had taken counts as used: never more than the budget, whatever fails.
 */
export function createBudgets(store: BudgetStore, clock: Clock): Budgets {
  const ofGrants = new WeakMap<LiveGrant, Map<string, Held>>();
  /** Those with something to give back. */
  const holding = new Set<Held>();

  const heldOf = (live: LiveGrant, operation: string): Held => {
    let ofGrant = ofGrants.get(live);
    if (ofGrant === undefined) ofGrants.set(live, (ofGrant = new Map<string, Held>()));
    let held = ofGrant.get(operation);
    if (held === undefined) {
      held = {
        grant: live.grant.id,
        operation,
        unused: 0,
        takenOf: 0,
        givingBack: undefined,
        waiting: 0,
        taking: undefined,
        none: undefined,
        cancelGivingBack: undefined,
      };
      ofGrant.set(operation, held);
    }
    return held;
  };

  const giveBack = async (held: Held): Promise<void> => {
    held.cancelGivingBack?.();
    held.cancelGivingBack = undefined;
    holding.delete(held);
    const { unused } = held;
    if (unused === 0) return;
    held.unused = 0;
    // What cannot be given back counts as used.
    held.givingBack = store.giveBack(held.grant, held.operation, unused).catch(() => undefined);
    await held.givingBack;
    held.givingBack = undefined;
  };

  const keep = (held: Held, taken: number, budget: number): void => {
    held.unused += taken;
    held.takenOf = budget;
    held.cancelGivingBack?.();
    held.cancelGivingBack = clock.schedule(MAX_UNUSED_MS, () => void giveBack(held));
    holding.add(held);
  };

  const take = async (held: Held, budget: number): Promise<void> => {
    const { grant, operation } = held;
    const began = clock.monotonic();
    const remember = (failed?: string): void => {
      const until = clock.monotonic() + REMEMBERED_MS;
      held.none = { until, budget, ...(failed === undefined ? {} : { failed }) };
    };
    try {
      for (;;) {
        const wanted = held.waiting;
        const taken = await store.take(grant, operation, budget, wanted);
        if (taken > 0) {
          keep(held, taken, budget);
          if (taken < wanted) remember();
          return;
        }
        // Another gateway may hold some of it unused.
        const isTakenAhead = aheadOf(budget) > 0 && clock.monotonic() - began < WAIT_FOR_OTHERS_MS;
        if (!isTakenAhead) {
          remember();
          return;
        }
        await new Promise<void>((resolve) => clock.schedule(LOOK_AGAIN_MS, resolve));
      }
    } catch (error) {
      remember(messageOf(error));
    }
  };

  return {
    consume(live, operation, budget) {
      const held = heldOf(live, operation);
      if (held.givingBack !== undefined) return held.givingBack;
      if (held.unused > 0) {
        // Of another budget there may be none left.
        if (held.takenOf !== budget) return giveBack(held);
        held.unused -= 1;
        return undefined;
      }
      const { none } = held;
      if (none !== undefined && none.budget === budget && clock.monotonic() < none.until)
        return none.failed === undefined ? usedUp(held, budget) : uncounted(held, none.failed);
      held.waiting += 1;
      held.taking ??= take(held, budget).finally(() => {
        held.taking = undefined;
        held.waiting = 0;
      });
      return held.taking;
    },
    async stop() {
      await Promise.all(Array.from(holding, giveBack));
    },
  };
}

function usedUp({ grant, operation }: Held, budget: number): Denial {
  return {
    rule: `${operation}: budget`,
    message: `grant ${grant} has used all ${budget} that ${operation} allows`,
    remedy: "ask",
    hint: "ask again: a new grant has a new budget",
  };
}

function uncounted({ operation }: Held, why: string): Denial {
  return {
    rule: `${operation}: budget`,
    message: `the gateway's store cannot say how much of the budget of ${operation} is left: ${why}`,
    remedy: "retry",
    hint: "nothing was sent upstream; try again once the store answers",
  };
}

/** The denial of an act that cannot wait until the store was asked. */
export function notCountedYet(grant: string): Denial {
  return {
    rule: "budget",
    message: `the store is being asked how much grant ${grant} has left of its budget`,
    remedy: "retry",
    hint: "nothing was sent upstream; try again at once",
  };
}
