import type { Clock } from "./clock.ts";

/** Waits for something, but not for ever, nor longer than a signal lets it. @returns whether it has ended, well or not */
export async function endsInTime(
  work: Promise<unknown>,
  ms: number,
  clock: Clock,
  signal?: AbortSignal,
): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const giveUp = (): void => resolve(false);
  const cancel = clock.schedule(ms, giveUp);
  signal?.addEventListener("abort", giveUp);
  if (signal?.aborted === true) giveUp();
  const ended = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([ended, late]);
  } finally {
    cancel();
    signal?.removeEventListener("abort", giveUp);
  }
}
