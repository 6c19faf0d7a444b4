import type { AuditFeed } from "../audit/index/feed.ts";
import type { AuditRecord } from "../audit/records.ts";
import type { Clock } from "../kernel/clock.ts";
import { MayflyError, messageOf } from "../kernel/errors.ts";
import { slackInteractions, type SlackCall, type SlackInteractions } from "./slack/interactions.ts";
import type { SlackPorts } from "./slack/requests.ts";
import { startSlackMessageSync, type SlackMessageSync } from "./slack/message-sync.ts";
import type { Delivery, DeliveryState, NotificationStore } from "./store.ts";
import type { LogName, SlackSettings, WebhookTarget } from "./types.ts";
import { httpSender } from "./webhooks/sender.ts";
import { MAX_CONCURRENT_ATTEMPTS, startWebhook, type WebhookWorker } from "./webhooks/worker.ts";

/** `notifications:` of a configuration. */
export interface NotificationSettings {
  readonly slack?: SlackSettings;
  readonly webhooks: readonly WebhookTarget[];
}

/** A metric's event: one attempt of a delivery, or one message in Slack. */
export type Notified =
  | { readonly webhook: string; readonly outcome: "delivered" | "retried" | "failed" }
  | { readonly slack: "posted" | "updated" | "failed" };

/** Sends notifications about records. */
export interface Notifications {
  /** Newest first, at most 500. */
  deliveries(filter: {
    readonly state?: DeliveryState;
    readonly webhook?: string;
  }): Promise<readonly Delivery[]>;
  /**
   * Repeats a delivery, whatever its state.
   * @throws MayflyError not_found, webhook_unknown
   */
  replay(id: string): Promise<Delivery>;
  /** A call from Slack. @throws MayflyError when it is not taken */
  slack(call: SlackCall): Promise<void>;
  /** Applies new settings; unchanged parts continue undisturbed. */
  adopt(settings: NotificationSettings): Promise<void>;
  /** Accepts no new work, and waits briefly for work under way. */
  stop(): Promise<void>;
}

/** What notifications are made of. */
export interface NotificationParts {
  readonly settings: NotificationSettings;
  readonly log: LogName;
  /** `OpenedAuditLog.first`: places beyond it are of records that a power failure took. */
  readonly firstRecord: number;
  readonly store: NotificationStore;
  readonly feed: AuditFeed;
  readonly reader: { read(seq: number, limit: number): Promise<readonly AuditRecord[]> };
  readonly ports: SlackPorts;
  readonly clock: Clock;
  /** The gateway's own URL. */
  readonly url: string;
  readonly counted: (what: Notified) => void;
  readonly problem: (message: string) => void;
}

const minute = 60_000;
const day = 24 * 60 * minute;
/** How long one attempt may take, milliseconds. */
const ATTEMPT_TIMEOUT_MS = 15_000;
const PRUNE_INTERVAL_MS = 10 * minute;
/**
 * Retention of deliveries: how long finished ones are kept, how many of each webhook, and how long pending ones may
 * wait.
 */
const RETENTION = { age: 7 * day, number: 10_000, pending: 3 * day };
/** Messages in Slack that show their end are remembered this long, milliseconds. */
const SLACK_RETENTION_MS = 30 * day;
const MAX_LISTED = 500;
/** At a stop, calls to Slack have this long, milliseconds. */
const SLACK_STOP_TIMEOUT_MS = 2000;

/** Starts notifying, from the stored position. */
export async function startNotifications(parts: NotificationParts): Promise<Notifications> {
  const { log, store, feed, reader, clock, problem } = parts;
  const url = parts.url.replace(/\/+$/, "");
  const workers = new Map<string, { readonly target: WebhookTarget; readonly worker: WebhookWorker }>();
  let chat:
    | {
        readonly settings: SlackSettings;
        readonly teller: SlackMessageSync;
        readonly interactions: SlackInteractions;
        readonly stopping: AbortController;
      }
    | undefined;
  let last: Promise<void> = Promise.resolve();
  let isStopped = false;

  function inTurn(run: () => Promise<void>): Promise<void> {
    const turn = last.then(run);
    last = turn.catch(() => undefined);
    return turn;
  }

  async function apply({ slack, webhooks }: NotificationSettings): Promise<void> {
    if (isStopped) return;
    const stale = [...workers.values()].filter(
      ({ target }) => !webhooks.some((one) => isSameTarget(one, target)),
    );
    const isOtherSlack = chat !== undefined && !(slack !== undefined && isSameSlack(slack, chat.settings));
    await Promise.all([...stale.map(({ worker }) => worker.stop()), ...(isOtherSlack ? [stopSlack()] : [])]);
    for (const { target } of stale) workers.delete(target.name);
    const readers = webhooks.map(({ name }) => `webhook:${name}`);
    try {
      const kept = slack === undefined ? readers : [...readers, "slack"];
      await store.forget(log.id, kept, "the webhook is no longer configured");
    } catch (error) {
      // It is done at the next reload or start; who is told now does not depend on it.
      problem(`what is no longer configured could not be forgotten: ${messageOf(error)}`);
    }
    for (const target of webhooks) {
      if (!workers.has(target.name)) workers.set(target.name, { target, worker: startOne(target) });
    }
    if (slack !== undefined && chat === undefined) chat = await startSlack(slack);
  }

  function startOne(target: WebhookTarget): WebhookWorker {
    const { url: to, ca } = target;
    const sender = httpSender({
      url: to,
      clock,
      connections: MAX_CONCURRENT_ATTEMPTS,
      timeout: ATTEMPT_TIMEOUT_MS,
      ...(ca === undefined ? {} : { ca }),
    });
    return startWebhook({
      target,
      log,
      store,
      feed,
      reader,
      sender,
      clock,
      random: Math.random,
      counted: (outcome) => parts.counted({ webhook: target.name, outcome }),
      problem,
    });
  }

  async function startSlack(settings: SlackSettings): Promise<NonNullable<typeof chat>> {
    // Slack's client is loaded where it is needed.
    const { slackApi } = await import("./slack/api.ts");
    const stopping = new AbortController();
    const api = slackApi(settings.token, settings.api, stopping.signal);
    const common = { settings, store, api, ports: parts.ports, clock, url, problem };
    return {
      settings,
      stopping,
      interactions: slackInteractions(common),
      teller: startSlackMessageSync({ ...common, log, feed, counted: (slack) => parts.counted({ slack }) }),
    };
  }

  async function stopSlack(): Promise<void> {
    if (chat === undefined) return;
    const { teller, interactions, stopping } = chat;
    chat = undefined;
    // A call that is cut may have been heard: it gets a moment first.
    const cancel = clock.schedule(SLACK_STOP_TIMEOUT_MS, () => stopping.abort());
    await Promise.all([teller.stop(), interactions.settled()]);
    cancel();
  }

  let cancelPrune = (): void => undefined;
  let pruning: Promise<void> = Promise.resolve();
  function planPrune(ms: number): void {
    cancelPrune = clock.schedule(ms, () => {
      pruning = prune().finally(() => {
        if (!isStopped) planPrune(PRUNE_INTERVAL_MS);
      });
    });
  }

  /** Never throws. */
  async function prune(): Promise<void> {
    const now = clock.wall();
    try {
      await store.prune(log.id, {
        pendingSince: now - RETENTION.pending,
        reason: "it waited for three days",
        before: now - RETENTION.age,
        keep: RETENTION.number,
      });
      await store.pruneSlack(now - SLACK_RETENTION_MS);
    } catch (error) {
      problem(`the log of deliveries could not be shortened: ${messageOf(error)}`);
    }
  }

  await store.rewind(log.id, parts.firstRecord);
  await inTurn(() => apply(parts.settings));
  planPrune(minute);

  return {
    deliveries: (filter) => store.deliveries({ ...filter, limit: MAX_LISTED }),
    async replay(id) {
      const delivery = await store.delivery(id);
      if (delivery === undefined)
        throw new MayflyError("not_found", `there is no delivery ${id}`, {
          status: 404,
          hint: "GET /v1/webhooks/deliveries lists them",
        });
      if (!workers.has(delivery.webhook))
        throw new MayflyError("webhook_unknown", `no webhook is called ${delivery.webhook} any more`, {
          status: 409,
          hint: "put it back under notifications.webhooks, or replay it where it is configured",
        });
      const replayed = await store.replay(id, clock.wall());
      workers.get(delivery.webhook)?.worker.wake();
      return replayed ?? delivery;
    },
    async slack(call) {
      if (chat === undefined)
        throw new MayflyError("slack_off", "Slack is not configured here", {
          status: 404,
          hint: "configure notifications.slack",
        });
      await chat.interactions.receive(call);
    },
    adopt: (settings) => inTurn(() => apply(settings)),
    async stop() {
      isStopped = true;
      cancelPrune();
      await last;
      await Promise.all([...[...workers.values()].map(({ worker }) => worker.stop()), stopSlack(), pruning]);
    },
  };
}

function isSameTarget(a: WebhookTarget, b: WebhookTarget): boolean {
  const facts = ({ name, url, secret, events, ca }: WebhookTarget): string =>
    JSON.stringify([name, url, secret.reveal(), events ?? null, ca ?? null]);
  return facts(a) === facts(b);
}

function isSameSlack(a: SlackSettings, b: SlackSettings): boolean {
  const facts = ({ token, channel, signingSecret, decide, api }: SlackSettings): string =>
    JSON.stringify([
      token.reveal(),
      channel,
      signingSecret?.reveal() ?? null,
      decide?.risks.toSorted() ?? null,
      api,
    ]);
  return facts(a) === facts(b);
}
