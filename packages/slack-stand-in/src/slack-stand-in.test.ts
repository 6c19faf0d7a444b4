import { WebClient } from "@slack/web-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startSlackStandIn, type SlackStandIn } from "./index.ts";

let slack: SlackStandIn;
let client: WebClient;
beforeAll(async () => {
  slack = await startSlackStandIn({
    channels: { "#approvals": "C0APPROVALS" },
    users: [{ id: "U0LEAD", email: "lead@example.com" }],
  });
  client = new WebClient(slack.token, { slackApiUrl: slack.url, retryConfig: { retries: 0 } });
});
afterAll(() => slack.close());

test("Slack's own client talks to it", async () => {
  expect(await client.auth.test()).toMatchObject({ team_id: slack.team });
  const posted = await client.apiCall("chat.postMessage", { channel: "#approvals", text: "hello" });
  expect(posted).toMatchObject({ channel: "C0APPROVALS" });
  const { ts } = posted as unknown as { ts: string };
  await client.chat.update({ channel: "C0APPROVALS", ts, text: "changed" });
  expect(slack.messages.at(-1)).toMatchObject({ text: "changed", edits: 1 });
  expect((await client.users.info({ user: "U0LEAD" })).user?.profile?.email).toBe("lead@example.com");
  expect((await client.users.lookupByEmail({ email: "lead@example.com" })).user?.id).toBe("U0LEAD");
});

test("it fails as Slack does", async () => {
  const post = (more: object): Promise<unknown> =>
    client.apiCall("chat.postMessage", { channel: "#approvals", text: "x", ...more });
  await expect(post({ channel: "#nowhere" })).rejects.toMatchObject({ data: { error: "channel_not_found" } });
  const long = [{ type: "header", text: { type: "plain_text", text: "x".repeat(151) } }];
  await expect(post({ blocks: long })).rejects.toMatchObject({ data: { error: "invalid_blocks" } });
  await expect(client.chat.update({ channel: "C0APPROVALS", ts: "1.2", text: "x" })).rejects.toMatchObject({
    data: { error: "message_not_found" },
  });
  const stranger = new WebClient("xoxb-wrong", { slackApiUrl: slack.url, retryConfig: { retries: 0 } });
  await expect(stranger.auth.test()).rejects.toMatchObject({ data: { error: "invalid_auth" } });
  slack.failNext("auth.test", { retryAfter: 0 });
  slack.failNext("auth.test", { error: "fatal_error" });
  const patient = new WebClient(slack.token, { slackApiUrl: slack.url, rejectRateLimitedCalls: true });
  await expect(patient.auth.test()).rejects.toMatchObject({ retryAfter: 0 });
  await expect(client.auth.test()).rejects.toMatchObject({ data: { error: "fatal_error" } });
});
