import { pause } from "../../kernel/pause.ts";
import type { AuditFeed } from "../../audit/index/feed.ts";
import type { AuditRecord } from "../../audit/records.ts";
import { digestOf, type Json } from "../../kernel/canonical.ts";
import type { Clock } from "../../kernel/clock.ts";
import { messageOf } from "../../kernel/errors.ts";
import type { NotificationStore } from "../store.ts";
import type { LogName, SlackSettings } from "../types.ts";
import { type SlackApi, SlackProblem } from "./api.ts";
import { isLoud, loudRecords } from "./loud-records.ts";
import { loudMessage, requestMessage, type SlackBlocks } from "./messages.ts";
import type { SlackPorts, SlackRequest } from "./requests.ts";

/** Keeps Slack messages in step with their requests. */
export interface SlackMessageSync {
  /** Accepts no new work, and waits briefly for the call under way. */
  stop(): Promise<void>;
}

/** The parts of the sync. */
export interface SlackMessageSyncParts {
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
const SWEEP_INTERVAL_MS = 15_000;
const MAX_OPEN_MESSAGES = 2000;
/** A record is written before the store moves: the request is read again this often, so many times. */
const behind = { every: 300, times: 10 };
/** Pauses between attempts, from the first to at most the second; the third while the app has to be put right. */
const pauses = { first: 1000, most: 60_000, settings: 300_000 };
/** The longest pause that Slack may ask for, milliseconds. */
const MAX_PAUSE_MS = 3_600_000;
/** How many times an unknown error is retried. */
const MAX_UNKNOWN_TRIES = 5;
/** Where nothing was of interest, the cursor is written this often, milliseconds. */
const CURSOR_INTERVAL_MS = 10_000;
const wanted = (type: string): boolean =>
  type.startsWith("request.") || type.startsWith("approval.") || isLoud(type);

/** Whether the request is as advanced as the record says. */
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

/** Of a request's records the newest tells its state. */
function newestOfEach(records: readonly AuditRecord[]): ReadonlyMap<string, AuditRecord> {
  return new Map(
    records.flatMap((record) => (record.request === undefined ? [] : [[record.request, record] as const])),
  );
}

/** Starts syncing from the stored position; a gateway without one begins at the log's end. */
export function startSlackMessageSync(parts: SlackMessageSyncParts): SlackMessageSync {
  const { settings, log, store, feed, api, clock, url } = parts;
  const cursor = { log: log.id, reader: "slack" };
  const risks = settings.decide?.risks ?? [];
  const stopping = new AbortController();
  let cursorAt = clock.monotonic();
  let unsubscribe = (): void => undefined;
  /** Sequential: a message has one state, and Slack accepts about one call a second. */
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
        unsubscribe = feed.subscribe(next, (records, upTo) => inTurn(() => consume(records, upTo)), {
          wanted,
        });
        planSweep();
        return;
      } catch (error) {
        parts.problem(`Slack: the store is away: ${messageOf(error)}`);
        await pause(clock, pauses.first, stopping.signal);
      }
    }
  }

  async function consume(records: readonly AuditRecord[], next: number): Promise<void> {
    const now = clock.monotonic();
    if (records.length === 0 && now - cursorAt < CURSOR_INTERVAL_MS) return;
    const newest = newestOfEach(records);
    const loud = loudRecords(records);
    for (const record of records) {
      const more = loud.get(record);
      if (more !== undefined) await tellLoudly(record, more);
      if (record.request !== undefined && newest.get(record.request) === record)
        await follow(record.request, record);
      if (stopping.signal.aborted) throw new Error("Slack: it stops");
    }
    await store.advance(cursor, next, []);
    cursorAt = now;
  }

  async function tellLoudly(record: AuditRecord, more: number): Promise<void> {
    const message = loudMessage(record, url, more);
    const about = `${log.id} ${record.seq}`;
    if (message === undefined || (await store.slackMessage(about)) !== undefined) return;
    await post(about, message, false);
  }

  /** Brings one request's message up to date. */
  async function follow(id: string, record?: AuditRecord): Promise<void> {
    let request = await parts.ports.request(id);
    for (let tries = 0; tries < behind.times && !hasReached(record, request); tries++) {
      await pause(clock, behind.every, stopping.signal);
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
        const isLost = problem.kind === "message" || unknown >= MAX_UNKNOWN_TRIES;
        parts.problem(`Slack: ${problem.message}${isLost ? "; this message is left out" : ""}`);
        if (isLost) return undefined;
        const asked = Math.min(problem.pause ?? 0, MAX_PAUSE_MS);
        const ms = problem.kind === "settings" ? Math.min(wait * 5, pauses.settings) : Math.max(wait, asked);
        await pause(clock, ms, stopping.signal);
        wait = Math.min(wait * 2, pauses.most);
      }
    }
    return "stopped";
  }

  function planSweep(): void {
    if (stopping.signal.aborted) return;
    cancelSweep = clock.schedule(SWEEP_INTERVAL_MS, () => {
      void inTurn(sweep)
        .catch((error: unknown) => parts.problem(`Slack: ${messageOf(error)}`))
        .finally(planSweep);
    });
  }

  async function sweep(): Promise<void> {
    for (const { about } of await store.openSlackMessages(log.id, MAX_OPEN_MESSAGES)) {
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
