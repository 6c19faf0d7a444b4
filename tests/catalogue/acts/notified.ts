import { startSlackStandIn, type Message, type SlackStandIn } from "@mayfly/slack-stand-in";
import { systemClock } from "../../../packages/gateway/src/kernel/clock.ts";
import { MayflyError } from "../../../packages/gateway/src/kernel/errors.ts";
import { harness } from "../../../packages/gateway/src/grants/testing/harness.ts";
import { rulesOf } from "../../../packages/gateway/src/main/load.ts";
import { protocols } from "../../../packages/gateway/src/main/protocols.ts";
import { slackPorts } from "../../../packages/gateway/src/main/wiring/slack-ports.ts";
import {
  startNotifications,
  type Notifications,
} from "../../../packages/gateway/src/notifications/notifications.ts";
import { openTestLog, until } from "../../../packages/gateway/src/notifications/testing/harness.ts";
import type { NewRecord } from "../../../packages/gateway/src/audit/records.ts";
import type { Act } from "../case.ts";
import { requester } from "./grants.ts";
import { certificates, startUpstream, type Speech } from "./upstream.ts";

/** A call that a receiver got. */
export interface Call {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A gateway's notifications, a receiver of webhooks and a stand-in for Slack. */
export interface Told {
  readonly notifications: Notifications;
  readonly slack: SlackStandIn;
  readonly calls: readonly Call[];
  /** How many webhooks are configured. */
  readonly webhooks: number;
  /** What went wrong, in the operator's log, and attempts that failed. */
  readonly problems: readonly string[];
  /** Asks for the one operation on a connection, and tells of it. */
  ask(connection: string): Promise<{ readonly id: string }>;
  write(...records: NewRecord[]): void;
  until(holds: () => boolean | Promise<boolean>): Promise<void>;
  /** The message in Slack, or what went wrong. */
  message(): Promise<Message | string>;
}

const otherSecret = `whsec_${Buffer.alloc(32, 8).toString("base64")}`;

/** Does something where others are told of it; what is refused is the outcome: `CODE | words`. */
export function told(act: (told: Told) => Promise<string>, speech: Speech = "http"): Act {
  return async (load) => {
    const calls: Call[] = [];
    const problems: string[] = [];
    const receiver = await startUpstream((request, response, body) => {
      calls.push({ path: request.url ?? "", headers: request.headers as Call["headers"], body });
      response.writeHead(204).end();
    }, speech);
    const slack = await startSlackStandIn({ channels: { "#approvals": "C0APPROVALS" }, users: [] });
    const log = await openTestLog(systemClock);
    const undo = [() => receiver.close(), () => slack.close(), () => log.close()];
    try {
      const { files } = await certificates();
      const ready = await load(
        { port: String(receiver.port), slack: slack.url },
        {
          ...files,
          "slack-token": slack.token,
          "slack-signing": slack.signingSecret,
          "other-secret": otherSecret,
        },
      );
      const h = await harness({ poll: false, rules: rulesOf(ready, protocols) });
      undo.push(() => h.close());
      const people = { sessions: async () => [], current: () => Promise.reject(new Error("nobody is here")) };
      const { roles } = ready.configuration.identity;
      const notifications = await startNotifications({
        settings: ready.configuration.notifications,
        log: { id: "gateway.test+1", name: "gateway.test" },
        firstRecord: 0,
        store: log.store.notifications,
        feed: log.feed,
        reader: log.reader,
        ports: slackPorts({ store: h.store, grants: h.grants, people, roles: () => roles }),
        clock: systemClock,
        url: "https://mayfly.internal:8443",
        counted: (what) => {
          if ("webhook" in what && what.outcome !== "delivered") problems.push(what.outcome);
        },
        problem: (message) => problems.push(message),
      });
      undo.push(() => notifications.stop());
      const holds = (condition: () => boolean | Promise<boolean>): Promise<void> => until(condition);
      return await act({
        notifications,
        slack,
        calls,
        webhooks: ready.configuration.notifications.webhooks.length,
        problems,
        write: (...records) => log.write(...records),
        until: holds,
        async ask(connection) {
          const asked = await h.grants.request(requester, {
            connection,
            operations: ["read"],
            reason: "TICKET-7: paid twice",
            clientAddress: "10.1.2.3",
          });
          log.write(...h.log.disk);
          return asked;
        },
        async message() {
          await holds(() => slack.messages.length > 0 || problems.length > 0);
          return slack.messages[0] ?? `slack | ${problems.join("; ")}`;
        },
      });
    } catch (error) {
      if (error instanceof MayflyError) return `${error.code} | ${error.message}`;
      throw error;
    } finally {
      for (const step of undo.toReversed()) await step();
    }
  };
}
