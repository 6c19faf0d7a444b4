import { constants } from "node:os";

/** What ends a wait at a terminal: Ctrl-C, a closed window, `kill`. */
const ending = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** How a wait ended: with its result, or by a signal. */
export type Waited<T> = { readonly value: T } | { readonly by: NodeJS.Signals };

/**
 * Waits for what takes long, and lets Ctrl-C end it, so that what becomes of it can be said.
 * @param work given a signal to stop by; what it throws after that is not thrown on
 */
export async function interruptible<T>(work: (stop: AbortSignal) => Promise<T>): Promise<Waited<T>> {
  const stop = new AbortController();
  let by: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    by ??= signal;
    stop.abort(new Error(`got ${signal}`));
  };
  for (const signal of ending) process.on(signal, onSignal);
  try {
    return { value: await work(stop.signal) };
  } catch (thrown) {
    if (by === undefined) throw thrown;
    return { by };
  } finally {
    for (const signal of ending) process.removeListener(signal, onSignal);
  }
}

/** Waits so many milliseconds, or until told to stop. */
export function pauseUntil(stop: AbortSignal, ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      stop.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    stop.addEventListener("abort", end, { once: true });
  });
}

/** What a signal did, in words. */
export function endedBy(signal: NodeJS.Signals): string {
  return signal === "SIGINT" ? "interrupted" : `ended by ${signal}`;
}

/** The exit code of what a signal ended, as a shell gives it. */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
