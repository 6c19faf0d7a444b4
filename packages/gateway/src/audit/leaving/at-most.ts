/**
 * Lets so many run at a time. Node's own threads are few (four), and a file system that hangs keeps each one that
 * waits for it: the log's own writes must find one free.
 */
export function atMost(places: number): <T>(step: () => Promise<T>, signal: AbortSignal) => Promise<T> {
  let free = places;
  const waiting: (() => void)[] = [];
  return async (step, signal) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      signal.throwIfAborted();
      return await step();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
