import type { AuditFeed } from "../../audit/feed.ts";
import type { AuditRecord } from "../../audit/records.ts";
import { digestOf, type Json } from "../../kernel/canonical.ts";
import type { Clock } from "../../kernel/clock.ts";
import { messageOf } from "../../kernel/errors.ts";
import type { NotificationStore } from "../store.ts";
import type { LogName, SlackSettings } from "../types.ts";
import { type SlackApi, SlackProblem } from "./api.ts";
import { loudMessage, requestMessage, type SlackBlocks } from "./messages.ts";
import type { SlackPorts, SlackRequest } from "./requests.ts";

/** Keeps the messages in Slack as the requests are. */
export interface SlackTeller {
  /** Takes up nothing new and waits a little for the call under way. */
  stop(): Promise<void>;
}

/** What a teller is made of. */
export interface TellerParts {
  readonly settings: SlackSettings;
  readonly log: LogName;
  readonly store: NotificationStore;
  readonly feed: AuditFeed;
  readonly api: SlackApi;
  readonly ports: Pick<SlackPorts, "request">;
  readonly clock: Clock;
  /** The gateway's own, without a slash at its end. */
  readonly url: string;
  readonly counted: (outcome: "posted" | "updated" | "failed") => void;
  readonly problem: (message: string) => void;
}

/** Open messages are compared with their requests this often, milliseconds: other gateways decide too. */
const sweepEvery = 15_000;
const mostOpen = 2000;
/** A record is written before the store moves: the request is read again this often, so many times. */
const behind = { every: 300, times: 10 };
/** Pauses between attempts, from the first to at most the second; the third while the app has to be put right. */
const pauses = { first: 1000, most: 60_000, settings: 300_000 };
/** A pause that Slack asks for is kept up to this, milliseconds. */
const longestPause = 3_600_000;
/** An answer that is not understood is tried again this often. */
const unknownTries = 5;
/** Where nothing was of interest, the cursor is written this often, milliseconds. */
const cursorEvery = 10_000;
const loudTypes = new Set(["lockdown.started", "lockdown.lifted", "break_glass.activated"]);

const wanted = (type: string): boolean =>
  type.startsWith("request.") || type.startsWith("approval.") || loudTypes.has(type);

/** Whether the request has come as far as the record says. */
function hasReached(record: AuditRecord | undefined, request: SlackRequest | undefined): boolean {
  if (record === undefined) return true;
  if (request === undefined) return false;
  switch (record.type) {
    case "request.approved":
    case "request.refused":
    case "request.withdrawn":
    case "request.timed_out":
      return request.state !== "pending";
    case "request.escalated":
      return request.state !== "pending" || request.escalatedTo !== undefined;
    case "approval.given":
      return (
        request.state !== "pending" || request.decisions.some(({ id }) => id === record.detail["approval"])
      );
    default:
      return true;
  }
}

/** Starts telling, from where it was; a gateway that never told begins at the log's end. */
export function startTeller(parts: TellerParts): SlackTeller {
  const { settings, log, store, feed, api, clock, url } = parts;
  const cursor = { log: log.id, reader: "slack" };
  const risks = settings.decide?.risks ?? [];
  const stopping = new AbortController();
  let cursorAt = clock.monotonic();
  let unsubscribe = (): void => undefined;
  /** One thing at a time: a message has one state, and Slack wants about one a second. */
  let last: Promise<void> = Promise.resolve();
  let cancelSweep: (() => void) | undefined;

  function inTurn(run: () => Promise<void>): Promise<void> {
    const turn = last.then(run, run);
    last = turn.catch(() => undefined);
    return turn;
  }

  async function begin(): Promise<void> {
    const from = feed.end;
    while (!stopping.signal.aborted) {
      try {
        let next = await store.cursor(cursor);
        if (next === undefined) await store.advance(cursor, (next = from), []);
        if (stopping.signal.aborted) return;
        unsubscribe = feed.subscribe(next, (records, upTo) => inTurn(() => take(records, upTo)), { wanted });
        planSweep();
        return;
      } catch (error) {
        parts.problem(`Slack: the store is away: ${messageOf(error)}`);
        await pause(pauses.first);
      }
    }
  }

  function pause(ms: number): Promise<void> {
    if (stopping.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = (): void => {
        drop();
        resolve();
      };
      const drop = clock.schedule(ms, () => {
        stopping.signal.removeEventListener("abort", stop);
        resolve();
      });
      stopping.signal.addEventListener("abort", stop, { once: true });
    });
  }

  async function take(records: readonly AuditRecord[], next: number): Promise<void> {
    const now = clock.monotonic();
    if (records.length === 0 && now - cursorAt < cursorEvery) return;
    // Of all that was said of one request, its newest record says how far it has come.
    const newest = new Map(
      records.flatMap((record) => (record.request === undefined ? [] : [[record.request, record] as const])),
    );
    for (const record of records) {
      if (loudTypes.has(record.type)) await tellLoudly(record);
      if (record.request !== undefined && newest.get(record.request) === record)
        await follow(record.request, record);
      if (stopping.signal.aborted) throw new Error("Slack: it stops");
    }
    await store.advance(cursor, next, []);
    cursorAt = now;
  }

  async function tellLoudly(record: AuditRecord): Promise<void> {
    const message = loudMessage(record, url);
    const about = `${log.id} ${record.seq}`;
    if (message === undefined || (await store.slackMessage(about)) !== undefined) return;
    await post(about, message, false);
  }

  /** Brings one request's message up to date. */
  async function follow(id: string, record?: AuditRecord): Promise<void> {
    let request = await parts.ports.request(id);
    for (let tries = 0; tries < behind.times && !hasReached(record, request); tries++) {
      await pause(behind.every);
      request = await parts.ports.request(id);
    }
    if (request === undefined) return;
    const message = requestMessage(request, url, risks);
    const isOpen = request.state === "pending";
    const known = await store.slackMessage(id);
    if (known === undefined) {
      if (isOpen) await post(id, message, true);
      return;
    }
    const shown = digestOfMessage(message);
    if (known.shown === shown && known.isOpen === isOpen) return;
    const result = await patiently(async () => {
      await api.update(known.channel, known.ts, message);
      return true;
    });
    if (result === "stopped") return;
    parts.counted(result === undefined ? "failed" : "updated");
    await store.saveSlackMessage({ ...known, shown, isOpen, updatedAt: clock.wall() });
  }

  async function post(about: string, message: SlackBlocks, isOpen: boolean): Promise<void> {
    const result = await patiently(() => api.post(settings.channel, message));
    if (result === "stopped") return;
    parts.counted(result === undefined ? "failed" : "posted");
    if (result === undefined) return;
    const { channel, ts } = result;
    const shown = digestOfMessage(message);
    await store.saveSlackMessage({ about, log: log.id, channel, ts, shown, isOpen, updatedAt: clock.wall() });
  }

  /**
   * Calls Slack until it answers.
   * @returns undefined when this message can never be sent
   */
  async function patiently<T extends object | true>(
    run: () => Promise<T>,
  ): Promise<T | undefined | "stopped"> {
    let wait = pauses.first;
    for (let unknown = 0; !stopping.signal.aborted;) {
      try {
        return await run();
      } catch (error) {
        const problem = error instanceof SlackProblem ? error : new SlackProblem("unknown", messageOf(error));
        if (problem.kind === "unknown") unknown += 1;
        const isLost = problem.kind === "message" || unknown >= unknownTries;
        parts.problem(`Slack: ${problem.message}${isLost ? "; this message is left out" : ""}`);
        if (isLost) return undefined;
        const asked = Math.min(problem.pause ?? 0, longestPause);
        await pause(
          problem.kind === "settings" ? Math.min(wait * 5, pauses.settings) : Math.max(wait, asked),
        );
        wait = Math.min(wait * 2, pauses.most);
      }
    }
    return "stopped";
  }

  function planSweep(): void {
    if (stopping.signal.aborted) return;
    cancelSweep = clock.schedule(sweepEvery, () => {
      void inTurn(sweep)
        .catch((error: unknown) => parts.problem(`Slack: ${messageOf(error)}`))
        .finally(planSweep);
    });
  }

  async function sweep(): Promise<void> {
    for (const { about } of await store.openSlackMessages(log.id, mostOpen)) {
      if (stopping.signal.aborted) return;
      await follow(about);
    }
  }

  const begun = begin();
  return {
    async stop() {
      stopping.abort();
      unsubscribe();
      cancelSweep?.();
      await begun;
      await last;
    },
  };
}

function digestOfMessage(message: SlackBlocks): string {
  return digestOf(JSON.parse(JSON.stringify(message)) as Json);
}
