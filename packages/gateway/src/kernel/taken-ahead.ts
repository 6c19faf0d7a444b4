/** A budget of which this many or fewer are left is taken as it is needed, and none of it ahead. */
export const MAX_LEFT_TAKEN_SINGLY = 32;
/** One of so many parts of what is left is taken ahead. */
export const AHEAD_PARTS = 16;
/** Acts taken ahead at once: what a gateway that is killed can lose to its grant. */
export const MAX_AHEAD = 64;

/**
 * How many acts are taken beyond those that are needed now, so that a large budget costs the store a write now and then:
 * ever smaller parts of what is left, as loops are shared out (guided self-scheduling, Polychronopoulos and Kuck, 1987).
 * @param left what remains once those that are needed are taken
 */
export function aheadOf(left: number): number {
  return left <= MAX_LEFT_TAKEN_SINGLY ? 0 : Math.min(MAX_AHEAD, Math.floor(left / AHEAD_PARTS));
}
