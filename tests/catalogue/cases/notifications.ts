import { createHmac } from "node:crypto";
import { signInteraction } from "@mayfly/slack-stand-in";
import { told, type Told } from "../acts/notified.ts";
import { environment, loads, type Act, type Case, type Document } from "../case.ts";
import { inScope, usual } from "../document.ts";

const slackAt = (...member: string[]): string[] => ["notifications", "slack", ...member];
const hookAt = (...member: string[]): (string | number)[] => ["notifications", "webhooks", 0, ...member];

const slack = {
  token: { file: "slack-token" },
  channel: "#approvals",
  signing_secret: { file: "slack-signing" },
  api: "{{slack}}",
  allow_insecure_loopback: true,
};
const webhook = {
  name: "siem",
  url: "http://127.0.0.1:{{port}}/events",
  secret: { env: "WEBHOOK" },
  allow_insecure_loopback: true,
};

/** Somebody has to approve, on this connection, and Slack is told. */
const waiting =
  (connection: string, settings: Document = slack, risk = "low") =>
  (document: Document): void => {
    document.policies[0].connection = connection;
    document.policies[0].approval = { by: ["support-leads"] };
    document.connections[connection].operations.read.risk = risk;
    document.notifications = { slack: structuredClone(settings) };
  };
const hooked =
  (settings: Document = webhook) =>
  (document: Document): void => {
    document.notifications = { webhooks: [structuredClone(settings)] };
  };

/** The request's message in Slack shows buttons to decide it. */
const decidable = (connection: string): Act =>
  told(async (at) => {
    await at.ask(connection);
    const message = await at.message();
    if (typeof message === "string") return message;
    return JSON.stringify(message.blocks).includes("mayfly_approve") ? "passed" : "in the console only";
  });
/** Slack shows a message at all. */
const shown = told(async (at) => {
  await at.ask("orders");
  const message = await at.message();
  return typeof message === "string" ? message : "passed";
});
/** A call that Slack signed is taken. */
const taken = told(async (at) => {
  const raw = "payload=%7B%7D";
  const now = Math.floor(Date.now() / 1000);
  const signature = signInteraction(at.slack.signingSecret, now, raw);
  await at.notifications.slack({ raw, timestamp: String(now), signature });
  return "passed";
});

const revoked = { type: "grant.revoked", grant: "gr_1", detail: {} } as const;
const created = { type: "request.created", request: "req_1", detail: {} } as const;
/** The signature that a receiver expects (Standard Webhooks, "Signature scheme"). */
function signed({ headers, body }: Exclude<Awaited<ReturnType<typeof firstCall>>, string>): string {
  const key = Buffer.from((environment["WEBHOOK"] ?? "").slice("whsec_".length), "base64");
  const content = `${headers["webhook-id"] ?? ""}.${headers["webhook-timestamp"] ?? ""}.${body}`;
  return `v1,${createHmac("sha256", key).update(content).digest("base64")}`;
}
/** The first event of a receiver, or what went wrong. */
async function firstCall(at: Told): Promise<Told["calls"][number] | string> {
  at.write(revoked);
  await at.until(() => at.calls.length > 0 || at.problems.length > 0);
  return at.calls[0] ?? `webhook | ${at.problems.join("; ")}`;
}

const inSlack: readonly Case[] = [
  {
    at: slackAt(),
    narrow: undefined,
    wide: slack,
    refused: /^slack_off \|/,
    act: taken,
  },
  {
    at: slackAt("token"),
    narrow: { env: "WRONG" },
    wide: slack.token,
    refused: /^slack \| .*auth/,
    act: shown,
    base: waiting("orders"),
  },
  {
    at: slackAt("channel"),
    narrow: "#elsewhere",
    wide: "#approvals",
    refused: /^slack \| .*channel_not_found/,
    act: shown,
    base: waiting("orders"),
  },
  {
    at: slackAt("signing_secret"),
    narrow: { env: "WRONG" },
    wide: slack.signing_secret,
    refused: /^slack_unverified \|/,
    act: taken,
    base: waiting("orders"),
  },
  {
    at: slackAt("decide"),
    narrow: undefined,
    wide: { risks: ["low"] },
    refused: /^in the console only$/,
    act: decidable("orders"),
    base: waiting("orders"),
  },
  ...["low", "medium", "high"].map((risk) => ({
    at: slackAt("decide", "risks"),
    narrow: ["low", "medium", "high"].filter((each) => each !== risk),
    wide: ["low", "medium", "high"],
    refused: /^in the console only$/,
    act: decidable("orders"),
    base: waiting("orders", slack, risk),
  })),
  {
    at: slackAt("api"),
    narrow: "http://127.0.0.1:1/",
    wide: slack.api,
    refused: /^slack \|/,
    act: shown,
    base: waiting("orders"),
  },
  {
    at: slackAt("allow_insecure_loopback"),
    narrow: false,
    wide: true,
    refused: /^configuration \| this must start with https:\/\//,
    act: shown,
    base: waiting("orders"),
  },
];

/** An operation's risk decides where it may be approved. */
const risks: readonly Case[] = Object.keys(usual().connections as object).flatMap((connection) =>
  ["low", "medium"].map((wide) => ({
    at: inScope(connection, "risk"),
    narrow: "high",
    wide,
    refused: /^in the console only$/,
    act: decidable(connection),
    base: waiting(connection, { ...slack, decide: { risks: ["low", "medium"] } }),
  })),
);

const byWebhook: readonly Case[] = [
  {
    at: ["notifications", "webhooks"],
    narrow: [{ ...webhook, name: "other", url: `${webhook.url}/other` }],
    wide: [webhook, { ...webhook, name: "other", url: `${webhook.url}/other` }],
    refused: /^told at \/events\/other$/,
    passes: /^told at \/events \/events\/other$/,
    act: told(async (at) => {
      at.write(revoked);
      await at.until(() => new Set(at.calls.map(({ path }) => path)).size >= at.webhooks);
      return `told at ${[...new Set(at.calls.map(({ path }) => path))].toSorted().join(" ")}`;
    }),
  },
  {
    at: ["notifications", "webhooks", 1, "name"],
    narrow: "siem",
    wide: "other",
    refused: /^configuration \| another webhook has this name/,
    act: loads,
    base: (document) => {
      document.notifications = { webhooks: [webhook, { ...webhook }] };
    },
  },
  {
    at: hookAt("url"),
    narrow: `${webhook.url}/elsewhere`,
    wide: webhook.url,
    refused: /^told at \/events\/elsewhere$/,
    passes: /^told at \/events$/,
    act: told(async (at) => {
      const call = await firstCall(at);
      return typeof call === "string" ? call : `told at ${call.path}`;
    }),
    base: hooked(),
  },
  {
    at: hookAt("secret"),
    narrow: { file: "other-secret" },
    wide: webhook.secret,
    refused: /^signature \|/,
    act: told(async (at) => {
      const call = await firstCall(at);
      if (typeof call === "string") return call;
      return call.headers["webhook-signature"] === signed(call) ? "passed" : "signature | it is another's";
    }),
    base: hooked(),
  },
  {
    at: hookAt("events"),
    narrow: ["grant.*"],
    wide: ["grant.*", "request.*"],
    refused: /^told of grant.revoked$/,
    passes: /^told of grant.revoked request.created$/,
    act: told(async (at) => {
      at.write(created, revoked);
      const types = async (): Promise<readonly string[]> =>
        (await at.notifications.deliveries({})).map(({ type }) => type);
      // Records are told in their order: what is before the last one is known by then.
      await at.until(async () => (await types()).includes("grant.revoked"));
      return `told of ${(await types()).toSorted().join(" ")}`;
    }),
    base: hooked(),
  },
  {
    at: hookAt("ca"),
    narrow: "other-ca.pem",
    wide: "ca.pem",
    refused: /^webhook \| retried/,
    passes: /^told$/,
    act: told(async (at) => {
      const call = await firstCall(at);
      return typeof call === "string" ? call : "told";
    }, "tls"),
    base: hooked({ ...webhook, url: "https://127.0.0.1:{{port}}/events" }),
  },
  {
    at: hookAt("allow_insecure_loopback"),
    narrow: false,
    wide: true,
    refused: /^configuration \| this must start with https:\/\//,
    act: loads,
    base: hooked({ ...webhook, url: "http://127.0.0.1:9/events" }),
  },
];

export const notificationCases: readonly Case[] = [...inSlack, ...risks, ...byWebhook];
