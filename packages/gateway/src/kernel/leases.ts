/** The shortest lease of a task on its grant, milliseconds: a task renews three times as often, over a network. */
export const MIN_LEASE_MS = 2000;
/** The longest lease, milliseconds: beyond this the deadline says as much. */
export const MAX_LEASE_MS = 60_000;
/**
 * The lease that `lease: true` asks for, milliseconds: a dead task is noticed, and its grant ended, within five
 * seconds.
 */
export const USUAL_LEASE_MS = 4000;
