/**
 * Settles with a promise, or rejects after a while: nothing here waits for ever.
 * @param what what is waited for, as it stands in the error
 * @throws Error "WHAT took more than N s"
 */
export function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} took more than ${ms / 1000} s`)), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Does `work` with the numbers from 0 to `count`, so many at once; the first that fails ends it. */
export async function spread(
  count: number,
  atOnce: number,
  work: (at: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const line = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await work(next - 1);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, line));
}
