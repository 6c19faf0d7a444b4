import type { AuditRecord } from "@mayfly/sdk/browser";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { mayfly } from "../api/client.ts";
import { isSignedOut } from "../api/problems.ts";
import { type QueryKey, staleKeysOf } from "./invalidate.ts";
import { publish } from "./listeners.ts";

/** Records that come together put answers out of date once: gathered for this long, milliseconds. */
const gather = 100;
/** The same answers are asked for again at the soonest after this, milliseconds: sessions may act all the time. */
const apart = 1_000;
/** Lost for shorter than this is not shown, milliseconds: a gateway that restarts, a phone that woke up. */
const grace = 2_500;
/** After an answer that ends the stream for good, it is tried again only this much later, milliseconds. */
const rest = 15_000;

/**
 * Asks again for what is out of date, one round at a time: a round that takes long is waited for, never cut short by
 * the next one, so that a slow line still gets its answers.
 */
function refresher(queryClient: QueryClient): { stale(keys: readonly QueryKey[]): void; stop(): void } {
  const waiting = new Map<string, QueryKey>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let busy = false;
  let last = Number.NEGATIVE_INFINITY;
  const round = async (): Promise<void> => {
    timer = undefined;
    busy = true;
    last = performance.now();
    const keys = [...waiting.values()];
    waiting.clear();
    await Promise.allSettled(keys.map((queryKey) => queryClient.invalidateQueries({ queryKey })));
    busy = false;
    if (waiting.size > 0) schedule();
  };
  const schedule = (): void => {
    timer ??= setTimeout(() => void round(), Math.max(gather, last + apart - performance.now()));
  };
  return {
    stale(keys) {
      for (const key of keys) waiting.set(JSON.stringify(key), key);
      if (!busy && waiting.size > 0) schedule();
    },
    stop: () => clearTimeout(timer),
  };
}

/**
 * Keeps every answer on the screen fresh: listens to the gateway's events and asks again for what they put out of
 * date. Once, in the shell. Gives whether the line is up; whenever it comes up, everything on the screen is asked
 * again, since nobody can tell what was missed.
 */
export function useEvents(): boolean {
  const queryClient = useQueryClient();
  const [connected, setConnected] = useState(true);

  useEffect(() => {
    const ended = new AbortController();
    const refresh = refresher(queryClient);
    let pending: AuditRecord[] = [];
    let telling: ReturnType<typeof setTimeout> | undefined;
    let losing: ReturnType<typeof setTimeout> | undefined;
    let resting: ReturnType<typeof setTimeout> | undefined;

    const askAgain = (): void => {
      void queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
    };
    const tell = (): void => {
      telling = undefined;
      const records = pending;
      pending = [];
      publish(records);
      refresh.stale(staleKeysOf(records));
    };
    const lost = (): void => {
      losing ??= setTimeout(() => setConnected(false), grace);
    };
    const open = (): void => {
      clearTimeout(losing);
      losing = undefined;
      setConnected(true);
      askAgain();
    };
    const listen = (): void => {
      mayfly
        .events(
          (record) => {
            pending.push(record);
            telling ??= setTimeout(tell, gather);
          },
          {
            signal: ended.signal,
            onState: (state) => (state === "open" ? open() : lost()),
            onReset: askAgain,
          },
        )
        .catch((error: unknown) => {
          if (ended.signal.aborted) return;
          lost();
          // Asking for anything tells everybody that the session has ended (api/query-client.ts).
          if (isSignedOut(error)) askAgain();
          else resting = setTimeout(listen, rest);
        });
    };
    listen();

    return () => {
      ended.abort();
      refresh.stop();
      for (const timer of [telling, losing, resting]) clearTimeout(timer);
    };
  }, [queryClient]);

  return connected;
}
