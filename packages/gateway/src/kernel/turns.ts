/** Runs a step when there is room. @throws the signal's reason when it aborts before the step has begun */
export type InTurn = <T>(step: () => Promise<T>, signal: AbortSignal) => Promise<T>;

/**
 * Lets so many steps run at a time. Whoever waits goes away with its signal: a step that never ends keeps its own place, and
 * nobody else's stop.
 */
export function createTurns(places: number): InTurn {
  let free = places;
  const waiting: (() => void)[] = [];

  function placeFor(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.splice(waiting.indexOf(enter), 1);
        reject(signal.reason as Error);
      };
      const enter = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      signal.addEventListener("abort", leave, { once: true });
      waiting.push(enter);
    });
  }

  return async (step, signal) => {
    signal.throwIfAborted();
    if (free > 0) free -= 1;
    else await placeFor(signal);
    try {
      return await step();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
