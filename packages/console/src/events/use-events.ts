import type { AuditRecord } from "@mayfly/sdk/browser";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { mayfly } from "../api/client.ts";
import { isSignedOut } from "../api/problems.ts";
import { staleKeysOf } from "./invalidate.ts";
import { publish } from "./listeners.ts";

/** Records that come together put answers out of date once, after this, milliseconds. */
const gather = 250;
/** Lost for shorter than this is not shown, milliseconds: a gateway that restarts, a phone that woke up. */
const grace = 2_500;
/** After an answer that ends the stream for good, it is tried again only this much later, milliseconds. */
const rest = 15_000;

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
    let pending: AuditRecord[] = [];
    let flushing: ReturnType<typeof setTimeout> | undefined;
    let losing: ReturnType<typeof setTimeout> | undefined;
    let resting: ReturnType<typeof setTimeout> | undefined;

    const askAgain = (): void => {
      void queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
    };
    const flush = (): void => {
      flushing = undefined;
      const records = pending;
      pending = [];
      publish(records);
      for (const queryKey of staleKeysOf(records)) void queryClient.invalidateQueries({ queryKey });
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
            flushing ??= setTimeout(flush, gather);
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
      for (const timer of [flushing, losing, resting]) clearTimeout(timer);
    };
  }, [queryClient]);

  return connected;
}
