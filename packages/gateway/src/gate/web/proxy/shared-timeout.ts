/** One that waits. */
export interface Waiter {
  readonly since: number;
  readonly tooLate: () => void;
}

/** Who waits for the same thing, each for as long as all others may: one timer serves them all. */
export interface SharedTimeout {
  /** @param tooLate called once when it has waited for too long */
  add(tooLate: () => void): Waiter;
  /** It waits no more. Safe to call twice. */
  delete(waiter: Waiter): void;
}

/**
 * @param ms how long each of them may wait
 * @param now milliseconds, never stepping back
 */
export function createSharedTimeout(ms: number, now: () => number = () => performance.now()): SharedTimeout {
  // Since all may wait equally long, they are late in the order in which they came.
  const waiters = new Set<Waiter>();
  let isTimed = false;

  const look = (): void => {
    isTimed = false;
    for (const waiter of waiters) {
      const left = waiter.since + ms - now();
      if (left > 0) {
        time(left);
        return;
      }
      waiters.delete(waiter);
      waiter.tooLate();
    }
  };
  const time = (left: number): void => {
    if (isTimed) return;
    isTimed = true;
    setTimeout(look, Math.ceil(left)).unref();
  };

  return {
    add(tooLate) {
      const waiter = { since: now(), tooLate };
      waiters.add(waiter);
      time(ms);
      return waiter;
    },
    delete(waiter) {
      waiters.delete(waiter);
    },
  };
}
