/** What a process is told by signals about its end. */
export interface StopSignals {
  /** The first signal, and whether what is open may go on for as long as the configuration says. */
  readonly first: Promise<{ readonly signal: NodeJS.Signals; readonly mayDrain: boolean }>;
  /** Aborts when nothing may go on: SIGINT, or a second SIGTERM. */
  readonly now: AbortSignal;
}

/** Listens for SIGTERM and SIGINT from now on: neither ends the process by itself any more. */
export function listenForStop(target: Pick<NodeJS.Process, "on"> = process): StopSignals {
  const now = new AbortController();
  let isFirst = true;
  const first = new Promise<{ signal: NodeJS.Signals; mayDrain: boolean }>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const)
      target.on(signal, () => {
        const mayDrain = isFirst && signal === "SIGTERM";
        isFirst = false;
        if (!mayDrain) now.abort();
        resolve({ signal, mayDrain });
      });
  });
  return { first, now: now.signal };
}
