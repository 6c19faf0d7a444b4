import type { Clock } from "../../../kernel/clock.ts";
import { ask, ownConnection } from "./ask.ts";
import { Control } from "../wire/control.ts";
import type { Target } from "../target.ts";
import { connectUpstream } from "./connect.ts";

/** A connection of the gateway's own, beside all sessions. */
export interface OwnConnection {
  /**
   * Asks one question.
   * @throws UpstreamError
   */
  readonly ask: (sql: string) => Promise<readonly (readonly (string | null)[])[]>;
}

/**
 * Logs in as the gateway does for a session, lets `work` ask, and leaves.
 * @param ms how long all of it may take
 * @throws UpstreamError
 */
export async function withOwnConnection<T>(
  target: Target,
  clock: Clock,
  signal: AbortSignal,
  ms: number,
  work: (connection: OwnConnection) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const unschedule = clock.schedule(ms, () => late.abort());
  const either = AbortSignal.any([signal, late.signal]);
  try {
    const { socket } = await connectUpstream(target, ownConnection, clock, either);
    const giveUp = (): void => {
      socket.destroy();
    };
    either.addEventListener("abort", giveUp, { once: true });
    if (either.aborted) giveUp();
    try {
      const answer = await work({ ask: (sql) => ask(socket, sql) });
      socket.end(Control.terminate.bytes);
      return answer;
    } finally {
      either.removeEventListener("abort", giveUp);
      socket.destroySoon();
    }
  } finally {
    unschedule();
  }
}
