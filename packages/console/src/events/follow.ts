import type { AuditRecord } from "@mayfly/sdk/browser";
import type { QueryClient } from "@tanstack/react-query";
import { mayfly } from "../api/client.ts";
import { isSignedOut } from "../api/problems.ts";
import { staleKeysOf } from "./invalidate.ts";
import { publish } from "./listeners.ts";
import { createRefresher } from "./refresher.ts";

/** Records that come together are told once: gathered for this long, milliseconds. */
const gather = 100;
/** The same answers are asked for again at the soonest after this, milliseconds. */
const apart = 1_000;
/**
 * And once more after this, milliseconds: what happens is recorded before it takes effect, so the first answer may
 * still be from before.
 */
const settled = 2_000;
/** Lost for shorter than this is not shown, milliseconds: a gateway that restarts, a phone that woke up. */
const grace = 2_500;
/** After an answer that ends the stream for good, it is tried again only this much later, milliseconds. */
const rest = 15_000;
/** A page that nobody sees gives its stream up after this, milliseconds: a browser has six connections for all tabs. */
const unseen = 120_000;
/** And then looks at the inbox this often, for the number in the tab's title; milliseconds. */
const glance = 60_000;

/**
 * Listens to the gateway's events and asks again for what they put out of date. `connected` is told when the line is
 * lost and when it is up; whenever it comes up, everything on the screen is asked again, since nobody can tell what was
 * missed.
 * @returns what ends it
 */
export function follow(queryClient: QueryClient, connected: (up: boolean) => void): () => void {
  const refresher = createRefresher((queryKey) => queryClient.invalidateQueries({ queryKey }), gather, apart);
  let stream = new AbortController();
  let pending: AuditRecord[] = [];
  const settling = new Set<ReturnType<typeof setTimeout>>();
  let telling: ReturnType<typeof setTimeout> | undefined;
  let losing: ReturnType<typeof setTimeout> | undefined;
  let resting: ReturnType<typeof setTimeout> | undefined;
  let hiding: ReturnType<typeof setTimeout> | undefined;
  let asleep: ReturnType<typeof setInterval> | undefined;

  const askAgain = (): void => {
    void queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
  };
  const heard = (record: AuditRecord): void => {
    pending.push(record);
    telling ??= setTimeout(() => {
      telling = undefined;
      const records = pending;
      pending = [];
      publish(records);
      const keys = staleKeysOf(records);
      refresher.stale(keys);
      // Acts come all the time, and the next ones look again; everything else may be the last for long.
      if (records.some(({ type }) => !type.startsWith("act."))) {
        const timer = setTimeout(() => {
          settling.delete(timer);
          refresher.stale(keys);
        }, settled);
        settling.add(timer);
      }
    }, gather);
  };
  const found = (): void => {
    clearTimeout(losing);
    losing = undefined;
  };
  const lost = (): void => {
    losing ??= setTimeout(() => connected(false), grace);
  };
  const open = (): void => {
    found();
    connected(true);
    askAgain();
  };
  const listen = (): void => {
    const mine = new AbortController();
    stream = mine;
    mayfly
      .events(heard, {
        signal: mine.signal,
        onState: (state) => (state === "open" ? open() : lost()),
        onReset: askAgain,
      })
      .catch((error: unknown) => {
        if (mine.signal.aborted) return;
        lost();
        // Asking for anything tells everybody that the session has ended (api/query-client.ts).
        if (isSignedOut(error)) askAgain();
        else resting = setTimeout(listen, rest);
      });
  };
  const sleep = (): void => {
    stream.abort();
    clearTimeout(resting);
    found();
    asleep = setInterval(() => refresher.stale([["inbox"]]), glance);
  };
  const seen = (): void => {
    clearTimeout(hiding);
    hiding = undefined;
    if (document.hidden) {
      if (asleep === undefined) hiding = setTimeout(sleep, unseen);
    } else if (asleep !== undefined) {
      clearInterval(asleep);
      asleep = undefined;
      listen();
    }
  };
  document.addEventListener("visibilitychange", seen);
  seen();
  listen();

  return () => {
    document.removeEventListener("visibilitychange", seen);
    stream.abort();
    refresher.stop();
    for (const timer of [telling, losing, resting, hiding, ...settling]) clearTimeout(timer);
    clearInterval(asleep);
  };
}
