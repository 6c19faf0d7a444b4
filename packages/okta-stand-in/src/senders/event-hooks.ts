import { randomUUID } from "node:crypto";
import { isHookEligible } from "../events/org-event.ts";
import type { OrgEvent } from "../events/org-event.ts";
import type { SystemLog } from "../events/system-log.ts";
import { NoAnswer, send } from "./post.ts";

/** Okta gives a receiver three seconds, and tries a second time (Event hooks, "Timeout and retry"). */
const TIMEOUT_MS = 3000;
const TRIES = 2;

/** An event hook as an administrator makes it under Workflow > Event Hooks. */
export interface StandInEventHook {
  readonly url: string;
  /** Goes into `Authorization` as it was typed: no `Bearer` before it. */
  readonly secret: string;
  /** Which events; every one that may stand in an event hook when left out. */
  readonly events?: readonly string[];
  /** The CA (PEM) of the receiver's certificate. */
  readonly ca?: string | undefined;
  /** How long the receiver may take, milliseconds; 3000 when left out, as in Okta. */
  readonly timeout?: number;
  /** `doubled`: each call twice, with one eventId. `reversed`: the newest event first, and the newest call first. */
  readonly delivery?: "doubled" | "reversed";
}

/** One try to deliver one call. */
export interface Delivery {
  readonly url: string;
  readonly eventId: string;
  readonly events: readonly OrgEvent[];
  readonly attempt: number;
  /** What the receiver answered; undefined when it did not. */
  readonly status: number | undefined;
}

export interface EventHooks {
  /**
   * Makes a hook, after the verification challenge.
   * @throws Error when the receiver does not echo it, or an event type may not stand in a hook
   */
  add(hook: StandInEventHook): Promise<void>;
  /** Takes all hooks to this address away. */
  remove(url: string): void;
  /** Every try so far. */
  readonly deliveries: readonly Delivery[];
  /** Gathers events from now on, to send them as one call; `release` sends. */
  hold(): void;
  release(): void;
  /** Waits until every call has been answered or given up. */
  settled(): Promise<void>;
}

/** Everything of one hook that is not yet sent. */
interface Line {
  readonly hook: StandInEventHook;
  readonly id: string;
  waiting: OrgEvent[];
}

/** Sends the events of the log to whoever has a hook. What happens in one turn of the loop goes in one call. */
export function eventHooks(origin: string, log: SystemLog): EventHooks {
  const lines: Line[] = [];
  const deliveries: Delivery[] = [];
  const running = new Set<Promise<void>>();
  let isHeld = false;
  let isPlanned = false;

  const attempt = async (line: Line, eventId: string, body: string, events: readonly OrgEvent[]) => {
    const { url, secret, ca, timeout = TIMEOUT_MS } = line.hook;
    for (let count = 1; count <= TRIES; count += 1) {
      const status = await statusOf(url, {
        headers: { authorization: secret, "content-type": "application/json", accept: "application/json" },
        body,
        ca,
        timeout,
      });
      deliveries.push({ url, eventId, events, attempt: count, status });
      // Silence and 5xx are tried again; a 4xx is the receiver's last word.
      if (status !== undefined && status < 500) return;
    }
  };
  const deliver = (line: Line, events: readonly OrgEvent[]): void => {
    const eventId = randomUUID();
    const ordered = line.hook.delivery === "reversed" ? events.toReversed() : events;
    const body = JSON.stringify(hookCall(`${origin}/api/v1/eventhooks/${line.id}`, eventId, ordered));
    const times = line.hook.delivery === "doubled" ? 2 : 1;
    for (let count = 0; count < times; count += 1) {
      const call = attempt(line, eventId, body, ordered).finally(() => running.delete(call));
      running.add(call);
    }
  };
  const flush = (): void => {
    isPlanned = false;
    if (isHeld) return;
    for (const line of lines) {
      const events = line.waiting;
      line.waiting = [];
      if (events.length > 0) deliver(line, events);
    }
  };
  log.onEvent((event) => {
    if (!isHookEligible(event.eventType)) return;
    for (const line of lines)
      if (line.hook.events?.includes(event.eventType) ?? true) line.waiting.push(event);
    if (isPlanned) return;
    isPlanned = true;
    const turn = new Promise((resolve) => setImmediate(resolve))
      .then(flush)
      .finally(() => running.delete(turn));
    running.add(turn);
  });

  return {
    deliveries,
    async add(hook) {
      const ineligible = hook.events?.find((type) => !isHookEligible(type));
      if (ineligible !== undefined)
        throw new Error(`${ineligible} cannot stand in an event hook: only the System Log has it`);
      await challenge(hook);
      lines.push({ hook, id: `who${randomUUID().replaceAll("-", "").slice(0, 17)}`, waiting: [] });
    },
    remove(url) {
      for (const line of lines.filter((one) => one.hook.url === url)) lines.splice(lines.indexOf(line), 1);
    },
    hold() {
      isHeld = true;
    },
    release() {
      isHeld = false;
      flush();
    },
    async settled() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

/** The body of one call, Okta's envelope (CloudEvents 0.1). */
export function hookCall(source: string, eventId: string, events: readonly OrgEvent[]): object {
  return {
    eventType: "com.okta.event_hook",
    eventTypeVersion: "1.0",
    cloudEventsVersion: "0.1",
    source,
    eventId,
    data: { events },
    eventTime: new Date().toISOString(),
    contentType: "application/json",
  };
}

/** Okta's one-time verification: the receiver says the challenge back, as JSON. */
async function challenge(hook: StandInEventHook): Promise<void> {
  const word = randomUUID();
  const answer = await send(hook.url, {
    method: "GET",
    headers: { "x-okta-verification-challenge": word, authorization: hook.secret },
    ca: hook.ca,
    timeout: hook.timeout ?? TIMEOUT_MS,
  });
  if (answer.status !== 200 || verificationIn(answer.body) !== word)
    throw new Error(`${hook.url} did not echo the verification challenge: ${answer.status} ${answer.body}`);
}

function verificationIn(body: string): unknown {
  try {
    return (JSON.parse(body) as Record<string, unknown>)["verification"];
  } catch {
    return undefined;
  }
}

async function statusOf(url: string, call: Parameters<typeof send>[1]): Promise<number | undefined> {
  try {
    return (await send(url, call)).status;
  } catch (error) {
    if (error instanceof NoAnswer) return undefined;
    throw error;
  }
}
