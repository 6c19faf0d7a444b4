import { startSlackStandIn, type SlackStandIn } from "@mayfly/slack-stand-in";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { NewRecord, RecordType } from "../../audit/records.ts";
import { Secret } from "../../kernel/secret.ts";
import { hurriedClock, openTestLog, until, type TestLog } from "../testing/harness.ts";
import { sampleSlackRequest } from "../testing/slack-requests.ts";
import { slackApi } from "./api.ts";
import type { SlackRequest } from "./requests.ts";
import { startSlackMessageSync, type SlackMessageSync } from "./message-sync.ts";

const log = { id: "gateway.test+1", name: "gateway.test" };
let t: TestLog;
let slack: SlackStandIn;
let teller: SlackMessageSync;
const requests = new Map<string, SlackRequest>();
const problems: string[] = [];
const counts: Record<string, number> = {};

function start(token: string = slack.token, channel = "#approvals"): void {
  teller = startSlackMessageSync({
    settings: { token: new Secret(token), channel, api: slack.url },
    log,
    store: t.store.notifications,
    feed: t.feed,
    api: slackApi(new Secret(token), slack.url, new AbortController().signal),
    ports: { request: async (id) => requests.get(id) },
    clock: t.clock,
    url: "https://mayfly.test",
    counted: (outcome) => {
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    },
    problem: (message) => problems.push(message),
  });
}

const begun = (): Promise<void> =>
  until(async () => (await t.store.notifications.cursor({ log: log.id, reader: "slack" })) !== undefined);

beforeEach(async () => {
  requests.clear();
  problems.length = 0;
  for (const name of Object.keys(counts)) delete counts[name];
  t = await openTestLog(hurriedClock(100));
  slack = await startSlackStandIn({ channels: { "#approvals": "C0APPROVALS" }, users: [] });
  start();
  await begun();
});
afterEach(async () => {
  await teller.stop();
  await t.close();
  await slack.close();
});

const about = (type: RecordType, request: string, detail: NewRecord["detail"] = {}): NewRecord => ({
  type,
  request,
  detail,
});
function ask(id: string, more: Partial<SlackRequest> = {}): void {
  requests.set(id, sampleSlackRequest({ id, ...more }));
  t.write(about("request.created", id));
}
function move(id: string, more: Partial<SlackRequest>): void {
  requests.set(id, { ...(requests.get(id) ?? sampleSlackRequest({ id })), ...more });
}
const text = (at = 0): string => JSON.stringify(slack.messages[at]);

test("a request has one message, which changes as the request moves", async () => {
  ask("req_a", { needed: 2 });
  await until(() => slack.messages.length === 1);
  expect(text()).toContain("Approval needed: support-bot");
  move("req_a", { decisions: [{ id: "apr_1", name: "lead@example.com", decision: "approve" }] });
  t.write(about("approval.given", "req_a", { approval: "apr_1" }));
  await until(() => text().includes("Yes from lead@example.com"));
  move("req_a", { state: "approved", outcome: "approved by lead@example.com, sre@example.com" });
  t.write(about("request.approved", "req_a"));
  await until(() => text().includes("Approved: support-bot"));
  expect(slack.messages).toHaveLength(1);
  expect(slack.messages[0]?.edits).toBe(2);
  await until(async () => (await t.store.notifications.slackMessage("req_a"))?.isOpen === false);
  expect(problems).toEqual([]);
});

test("a record that is ahead of the store is waited for", async () => {
  ask("req_a");
  await until(() => slack.messages.length === 1);
  t.write(about("request.refused", "req_a"));
  // The store moves a little later than the log.
  setTimeout(() => move("req_a", { state: "refused", outcome: "refused by lead" }), 8);
  await until(() => text().includes("Refused: support-bot"));
  expect(slack.messages).toHaveLength(1);
});

test("what never waits for a person has no message", async () => {
  ask("req_a", { state: "approved" });
  ask("req_b", { state: "denied" });
  ask("req_c");
  await until(() => slack.messages.length > 0);
  expect(slack.messages).toHaveLength(1);
  await until(async () => (await t.store.notifications.slackMessage("req_c"))?.ts === slack.messages[0]?.ts);
});

test("what another gateway decided shows too, without a record here", async () => {
  ask("req_a");
  await until(() => slack.messages.length === 1);
  move("req_a", { state: "timed_out", outcome: "nobody decided it in time" });
  await until(() => text().includes("Timed out: support-bot"));
  expect(slack.messages).toHaveLength(1);
});

test("after a restart it goes on with the same messages", async () => {
  ask("req_a");
  await until(async () => (await t.store.notifications.slackMessage("req_a")) !== undefined);
  await teller.stop();
  await t.restart();
  move("req_a", { state: "withdrawn" });
  t.write(about("request.withdrawn", "req_a"));
  ask("req_b");
  start();
  await until(() => text().includes("Withdrawn: support-bot") && slack.messages.length === 2);
  expect(slack.messages[0]?.edits).toBe(1);
});

test("Slack away: nothing is lost, and what is over by then is not told", async () => {
  slack.failAll({ hangUp: true });
  ask("req_a");
  ask("req_b");
  await until(() => slack.calls.length > 1);
  move("req_b", { state: "withdrawn" });
  t.write(about("request.withdrawn", "req_b"));
  slack.failAll(undefined);
  await until(() => slack.messages.length > 0);
  await until(async () => (await t.store.notifications.cursor({ log: log.id, reader: "slack" })) === 3);
  expect(slack.messages).toHaveLength(1);
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.join()).not.toContain(slack.token);
});

test("the pause that Slack asks for is kept", async () => {
  slack.failNext("chat.postMessage", { retryAfter: 20 });
  const before = t.clock.monotonic();
  ask("req_a");
  await until(() => slack.messages.length === 1);
  expect(t.clock.monotonic() - before).toBeGreaterThanOrEqual(20_000);
  expect(slack.calls.filter(({ method }) => method === "chat.postMessage")).toHaveLength(2);
});

test("a message that Slack will never take is left out, and the others are told", async () => {
  slack.failNext("chat.postMessage", { error: "msg_too_long" });
  ask("req_a");
  ask("req_b");
  await until(() => slack.messages.length === 1);
  expect(problems).toEqual(["Slack: msg_too_long; this message is left out"]);
  for (let i = 0; i < 5; i++) slack.failNext("chat.postMessage", { error: "something_new" });
  ask("req_c");
  ask("req_d");
  await until(() => counts["posted"] === 2);
  expect(slack.messages).toHaveLength(2);
  expect(counts).toEqual({ posted: 2, failed: 2 });
});

test("an app that has to be put right is asked again, and catches up", async () => {
  slack.failNext("chat.postMessage", { error: "not_in_channel" });
  ask("req_a");
  await until(() => slack.messages.length === 1);
  expect(problems).toEqual(["Slack: not_in_channel"]);
});

test("who breaks glass again and again holds up nobody's message", async () => {
  await teller.stop();
  const busy = { kind: "agent", issuer: "https://okta.test", subject: "0oabusy", name: "busy-bot" } as const;
  for (let at = 0; at < 60; at += 1)
    t.write({
      type: "break_glass.activated",
      principal: busy,
      request: `req_${at}`,
      detail: { reason: "a" },
    });
  const calm = { ...busy, subject: "0oacalm", name: "calm-bot" };
  t.write({ type: "break_glass.activated", principal: calm, request: "req_calm", detail: { reason: "b" } });
  ask("req_a");
  start();
  await until(() => slack.messages.some((message) => JSON.stringify(message).includes("Approval needed")));
  const told = slack.messages.map((message) => JSON.stringify(message));
  expect(told).toHaveLength(5);
  expect(told.filter((message) => message.includes("busy-bot"))).toHaveLength(3);
  expect(told[2]).toContain("57 more, which Activity lists");
  expect(told[3]).toContain("calm-bot");
});

test("break-glass and lock-down are told loudly, once each, also after a restart in between", async () => {
  t.write(
    { type: "lockdown.started", detail: { reason: "incident" } },
    { type: "break_glass.activated", request: "req_z", detail: { reason: "the shop is down" } },
    { type: "lockdown.lifted", detail: {} },
  );
  await until(() => slack.messages.length === 3);
  expect(slack.messages.map((message) => JSON.stringify(message.blocks).includes("<!channel>"))).toEqual([
    true,
    true,
    false,
  ]);
  await teller.stop();
  // As if the gateway had died before it kept its place.
  await t.store.notifications.advance({ log: log.id, reader: "slack" }, 0, []);
  await t.restart();
  start();
  ask("req_a");
  await until(() => slack.messages.some((message) => message.text.startsWith("Approval needed")));
  expect(slack.messages).toHaveLength(4);
});
