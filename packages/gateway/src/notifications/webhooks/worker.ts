import { pause } from "../../kernel/pause.ts";
import type { AuditFeed } from "../../audit/index/feed.ts";
import type { AuditRecord } from "../../audit/records.ts";
import type { Clock } from "../../kernel/clock.ts";
import { messageOf } from "../../kernel/errors.ts";
import { matcherOf } from "../event-patterns.ts";
import type { Delivery, NotificationStore, Settled } from "../store.ts";
import type { LogName, WebhookTarget } from "../types.ts";
import { webhookHeaders, webhookMessage } from "./message.ts";
import { deliveriesOf } from "./new-deliveries.ts";
import { afterAttempt, restAfter, type AttemptResult } from "./retry.ts";
import type { Sender } from "./sender.ts";
import { createOutcomeWriter } from "./outcome-writer.ts";

/** Delivers the records that one webhook wants. */
export interface WebhookWorker {
  /** Looks for deliveries at once: one was replayed. */
  wake(): void;
  /** Accepts no new work, waits briefly for attempts under way, and stores their results. */
  stop(): Promise<void>;
}

/** What a worker is made of. */
export interface WorkerParts {
  readonly target: WebhookTarget;
  readonly log: LogName;
  readonly store: NotificationStore;
  readonly feed: AuditFeed;
  readonly reader: { read(seq: number, limit: number): Promise<readonly AuditRecord[]> };
  readonly sender: Sender;
  readonly clock: Clock;
  /** Between 0 and 1. */
  readonly random: () => number;
  readonly counted: (outcome: "delivered" | "retried" | "failed") => void;
  readonly problem: (message: string) => void;
}

/** The most concurrent attempts; one while the receiver is away. */
export const MAX_CONCURRENT_ATTEMPTS = 8;
/** The most pending deliveries; beyond it the log is the queue. */
const MAX_PENDING = 10_000;
/** Deliveries read from the store at a time. */
const BATCH_SIZE = 64;
/** How often the store is checked, milliseconds: another gateway may have replayed a delivery. */
const LOOK_INTERVAL_MS = 5000;
/** The pause after the store failed, milliseconds. */
const STORE_RETRY_MS = 1000;
/** Where nothing was wanted, the cursor is written this often, milliseconds. */
const CURSOR_INTERVAL_MS = 10_000;
/** At a stop, attempts under way have this long, milliseconds. */
const STOP_TIMEOUT_MS = 3000;

/** Starts a worker. It has no place in the log yet: it begins at the log's end. */
export function startWebhook(parts: WorkerParts): WebhookWorker {
  const { target, log, store, feed, clock } = parts;
  const cursor = { log: log.id, reader: `webhook:${target.name}` };
  const stopping = new AbortController();
  const underWay = new Map<string, Promise<void>>();
  const settler = createOutcomeWriter({
    store,
    clock,
    retryAfter: STORE_RETRY_MS,
    written: () => void pump(),
    problem: parts.problem,
  });
  let ready: Delivery[] = [];
  let isStopped = false;
  let isGone = false;
  let isPumping = false;
  let isAskedAgain = false;
  let failures = 0;
  let restUntil = 0;
  let cursorAt = clock.monotonic();
  let unsubscribe = (): void => undefined;
  let taking: Promise<void> = Promise.resolve();
  let cancel: (() => void) | undefined;

  async function begin(): Promise<void> {
    const from = feed.end;
    for (;;) {
      if (isStopped) return;
      try {
        let next = await store.cursor(cursor);
        if (next === undefined) await store.advance(cursor, (next = from), []);
        if (isStopped) return;
        const listener = (records: readonly AuditRecord[], upTo: number): Promise<void> =>
          (taking = consume(records, upTo));
        unsubscribe = feed.subscribe(next, listener, { wanted: matcherOf(target.events) });
        void pump();
        return;
      } catch (error) {
        parts.problem(`webhook ${target.name}: the store is away: ${messageOf(error)}`);
        await pause(clock, STORE_RETRY_MS, stopping.signal);
      }
    }
  }

  /** Makes deliveries of records; the feed gives no more until they are stored. */
  async function consume(records: readonly AuditRecord[], next: number): Promise<void> {
    const now = clock.monotonic();
    if (records.length === 0 && now - cursorAt < CURSOR_INTERVAL_MS) return;
    while (records.length > 0 && (await store.pending(log.id, target.name)) >= MAX_PENDING) {
      await pause(clock, STORE_RETRY_MS, stopping.signal);
      if (isStopped) return;
    }
    const of = { log: log.id, webhook: target.name, createdAt: clock.wall() };
    const made = deliveriesOf(records, of);
    await store.advance(cursor, next, made);
    cursorAt = now;
    if (made.length > 0) void pump();
  }

  function plan(ms: number): void {
    cancel?.();
    cancel = undefined;
    if (isStopped || isGone) return;
    cancel = clock.schedule(ms, () => {
      cancel = undefined;
      void pump();
    });
  }

  /** Begins as many attempts as may be under way, and plans the next look. Never throws. */
  async function pump(): Promise<void> {
    isAskedAgain = true;
    if (isPumping) return;
    isPumping = true;
    try {
      for (;;) {
        isAskedAgain = false;
        const most = failures === 0 ? MAX_CONCURRENT_ATTEMPTS : 1;
        if (isStopped || isGone || underWay.size >= most || settler.isFull) return;
        const rest = restUntil - clock.monotonic();
        if (rest > 0) {
          plan(rest);
          return;
        }
        const delivery = ready.shift() ?? (await refill());
        if (isStopped) return;
        if (delivery === undefined && !isAskedAgain) return;
        if (delivery === undefined) continue;
        const attempt = send(delivery).finally(() => {
          underWay.delete(delivery.id);
          void pump();
        });
        underWay.set(delivery.id, attempt);
      }
    } catch (error) {
      parts.problem(`webhook ${target.name}: ${messageOf(error)}`);
      plan(STORE_RETRY_MS);
    } finally {
      isPumping = false;
    }
  }

  /** The next due delivery that no attempt has taken. */
  async function refill(): Promise<Delivery | undefined> {
    const busy = (id: string): boolean => underWay.has(id) || settler.holds(id);
    const held = underWay.size + settler.size;
    const due = await store.due(log.id, target.name, clock.wall(), BATCH_SIZE + held);
    ready = due.filter(({ id }) => !busy(id));
    const first = ready.shift();
    if (first !== undefined) return first;
    // Whatever ends an attempt looks again; and what was just settled has a time of its own.
    if (held > 0) plan(LOOK_INTERVAL_MS);
    else {
      const next = await store.nextDue(log.id, target.name);
      plan(Math.min(Math.max((next ?? Infinity) - clock.wall(), 1), LOOK_INTERVAL_MS));
    }
    return undefined;
  }

  async function send(delivery: Delivery): Promise<void> {
    const result = await attempt(delivery);
    // Cut off by the stop: nobody knows whether it arrived, so it is made again.
    if (result === undefined) return;
    const attempts = delivery.attempts + 1;
    const { outcome, receiver } = afterAttempt(result, attempts, clock.wall(), parts.random());
    settle({ id: delivery.id, ...outcome });
    if (receiver === "gone") leave();
    if (receiver === "well") {
      failures = 0;
      restUntil = 0;
    } else {
      // Attempts that were under way together fail together, and count as one failure.
      if (clock.monotonic() >= restUntil) failures += 1;
      const rest = restAfter(failures, result.retryAfter, parts.random());
      restUntil = Math.max(restUntil, clock.monotonic() + rest);
      // While a receiver is away, the oldest delivery is retried first.
      ready = [];
    }
  }

  async function attempt({ seq, id }: Delivery): Promise<AttemptResult | undefined> {
    try {
      const [record] = await parts.reader.read(seq, 1);
      if (record?.seq !== seq) throw new Error("it is no longer in the log");
      const message = webhookMessage(log, record);
      const headers = webhookHeaders(message, target.secret, clock.wall());
      const result = await parts.sender.send(message.body, headers, stopping.signal);
      return stopping.signal.aborted && result.status === undefined ? undefined : result;
    } catch (error) {
      parts.problem(`webhook ${target.name}: delivery ${id}, record ${seq}: ${messageOf(error)}`);
      return { error: `the record could not be read: ${messageOf(error)}` };
    }
  }

  function settle(outcome: Settled): void {
    settler.add(outcome);
    parts.counted(outcome.state === "pending" ? "retried" : outcome.state);
  }

  /** The receiver wants nothing more. What waits stays, for the next reload or start. */
  function leave(): void {
    isGone = true;
    ready = [];
    unsubscribe();
    cancel?.();
    parts.problem(
      `webhook ${target.name} answered 410 Gone: it gets nothing more until the next start or until its configuration changes`,
    );
  }

  const begun = begin();
  return {
    wake() {
      void pump();
    },
    async stop() {
      isStopped = true;
      unsubscribe();
      cancel?.();
      const cut = clock.schedule(STOP_TIMEOUT_MS, () => stopping.abort());
      if (underWay.size === 0) stopping.abort();
      await Promise.all(underWay.values());
      cut();
      stopping.abort();
      await begun;
      // Whoever forgets this webhook afterwards must find nothing that is written later.
      await taking.catch(() => undefined);
      await settler.close();
      parts.sender.close();
    },
  };
}
