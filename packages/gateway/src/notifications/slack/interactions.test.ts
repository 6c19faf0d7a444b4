import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  signInteraction,
  startSlackStandIn,
  type Message,
  type SlackStandIn,
  type User,
} from "@mayfly/slack-stand-in";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../kernel/clock.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { Secret } from "../../kernel/secret.ts";
import { openTestLog, type TestLog } from "../testing/harness.ts";
import { sampleSlackRequest } from "../testing/slack-requests.ts";
import { slackApi, type SlackApi } from "./api.ts";
import { slackInteractions, type SlackInteractions } from "./interactions.ts";
import { actionIds, requestMessage } from "./messages.ts";
import type { SlackRequest } from "./requests.ts";

const people: readonly User[] = [
  { id: "U0LEAD", email: "lead@example.com" },
  { id: "U0AWAY", email: "away@example.com" },
  { id: "U0GUEST", email: "lead@example.com", change: { is_restricted: true } },
  { id: "U0SINGLE", email: "lead@example.com", change: { is_ultra_restricted: true } },
  { id: "U0DOUBT", email: "lead@example.com", change: { is_email_confirmed: false } },
  { id: "U0SILENT", email: "lead@example.com", change: { is_email_confirmed: undefined } },
  { id: "U0GONE", email: "lead@example.com", change: { deleted: true } },
  { id: "U0ROBOT", email: "lead@example.com", change: { is_bot: true } },
  { id: "U0OTHER", email: "lead@example.com", change: { team_id: "T0OTHER" } },
  { id: "U0STRANGER", email: "lead@example.com", change: { is_stranger: true } },
];

let t: TestLog;
let slack: SlackStandIn;
let server: Server;
let to: string;
let api: SlackApi;
let interactions: SlackInteractions;
let request: SlackRequest;
let message: Message;
const decided: string[] = [];
const problems: string[] = [];
let refusal: Error | undefined;

beforeEach(async () => {
  decided.length = 0;
  problems.length = 0;
  refusal = undefined;
  t = await openTestLog(systemClock);
  slack = await startSlackStandIn({ channels: { "#approvals": "C0APPROVALS" }, users: people });
  api = slackApi(new Secret(slack.token), slack.url, new AbortController().signal);
  interactions = slackInteractions({
    settings: {
      token: new Secret(slack.token),
      channel: "#approvals",
      api: slack.url,
      signingSecret: new Secret(slack.signingSecret),
      decide: { risks: ["low"] },
    },
    store: t.store.notifications,
    api,
    ports: {
      request: async (id) => (id === request.id ? request : undefined),
      async decide(login, decision, id, digest) {
        if (login !== "lead@example.com") return "no_session";
        if (refusal !== undefined) throw refusal;
        decided.push(`${login} ${decision} ${id} ${digest}`);
        return "decided";
      },
    },
    clock: systemClock,
    url: "https://mayfly.test",
    problem: (text) => problems.push(text),
  });
  request = sampleSlackRequest();
  const posted = await api.post("#approvals", requestMessage(request, "https://mayfly.test", ["low"]));
  await t.store.notifications.saveSlackMessage({
    about: request.id,
    log: "l",
    ...posted,
    shown: "sha256:00",
    isOpen: true,
    updatedAt: 1,
  });
  const found = slack.messages[0];
  if (found === undefined) throw new Error("nothing was posted");
  message = found;
  server = createServer((call, response) => {
    const chunks: Buffer[] = [];
    call.on("data", (chunk: Buffer) => chunks.push(chunk));
    call.on("end", () => {
      const header = (name: string): string | undefined => {
        const value = call.headers[name];
        return typeof value === "string" ? value : undefined;
      };
      interactions
        .receive({
          raw: Buffer.concat(chunks).toString(),
          timestamp: header("x-slack-request-timestamp"),
          signature: header("x-slack-signature"),
        })
        .then(
          () => response.writeHead(200).end(),
          (error: unknown) => response.writeHead(error instanceof MayflyError ? error.status : 500).end(),
        );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  to = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/interactions`;
});
afterEach(async () => {
  await interactions.settled();
  await new Promise((resolve) => server.close(resolve));
  await slack.close();
  await t.close();
});

/** Presses, and waits for what follows. */
async function press(more: Partial<Parameters<SlackStandIn["press"]>[0]> = {}): Promise<number> {
  const answer = await slack.press({ to, message, user: "U0LEAD", action: actionIds.approve, ...more });
  await interactions.settled();
  return answer.status;
}

test("a yes and a no are those of the person behind the Slack user, with the digest that the message shows", async () => {
  expect(await press()).toBe(200);
  expect(await press({ action: actionIds.refuse, at: Math.floor(Date.now() / 1000) - 1 })).toBe(200);
  expect(decided).toEqual(
    ["approve", "refuse"].map((what) => `lead@example.com ${what} ${request.id} ${request.digest}`),
  );
  expect(problems).toEqual([]);
});

test("the answer comes before anybody is asked", async () => {
  slack.failNext("auth.test", { hangUp: true });
  const answer = await slack.press({ to, message, user: "U0LEAD", action: actionIds.approve });
  expect(answer.status).toBe(200);
  await interactions.settled();
  expect(problems).toHaveLength(1);
  expect(decided).toEqual([]);
});

describe("a call is refused", () => {
  test.each([
    ["with another secret", { secret: "not-the-secret" }],
    ["six minutes old", { at: Math.floor(Date.now() / 1000) - 360 }],
    ["from six minutes ahead", { at: Math.floor(Date.now() / 1000) + 360 }],
    ["without a signature", { headers: { "x-slack-signature": "" } }],
    ["without a time stamp", { headers: { "x-slack-request-timestamp": "" } }],
    [
      "with a time stamp that is not the signed one",
      { headers: { "x-slack-request-timestamp": String(Math.floor(Date.now() / 1000) - 2) } },
    ],
    ["with a time stamp that is no number", { headers: { "x-slack-request-timestamp": "1e9" } }],
    ["with a signature of another version", { headers: { "x-slack-signature": `v1=${"0".repeat(64)}` } }],
    ["with a signature of another length", { headers: { "x-slack-signature": "v0=00" } }],
  ])("%s", async (_, more) => {
    expect(await press(more)).toBe(401);
    expect(decided).toEqual([]);
  });

  test("the second time", async () => {
    const at = Math.floor(Date.now() / 1000);
    // The very same call, as somebody who has overheard it sends it.
    const change = { trigger_id: "1.2.overheard" };
    expect(await press({ at, change })).toBe(200);
    expect(await press({ at, change })).toBe(409);
    expect(decided).toHaveLength(1);
  });

  test("where nothing is configured to be taken", async () => {
    const off = slackInteractions({
      settings: { token: new Secret("x"), channel: "#a", api: slack.url },
      store: t.store.notifications,
      api,
      ports: { request: async () => undefined, decide: async () => "decided" },
      clock: systemClock,
      url: "https://mayfly.test",
      problem: () => undefined,
    });
    await expect(off.receive({ raw: "", timestamp: "1", signature: "v0=" })).rejects.toMatchObject({
      status: 404,
    });
  });
});

describe("a press is not followed", () => {
  const value = (more: object): string =>
    JSON.stringify({ request: request.id, digest: request.digest, ...more });
  test.each([
    ["from another workspace", () => ({ change: { team: { id: "T0OTHER" } } })],
    ["from no workspace", () => ({ change: { team: null } })],
    ["of another app", () => ({ change: { api_app_id: "A0OTHER" } })],
    ["in another message", () => ({ message: { ...message, ts: "1.2" } })],
    ["in another channel", () => ({ message: { ...message, channel: "C0OTHER" } })],
    ["of an unknown request", () => ({ value: value({ request: "req_other" }) })],
    ["with a digest that is none", () => ({ value: value({ digest: "sha256:0" }) })],
    ["with more than belongs in it", () => ({ value: value({ as: "admin" }) })],
    ["with no value", () => ({ value: "" })],
    ["of an action that is not ours", () => ({ action: "something_else" })],
    ["that is another kind of call", () => ({ change: { type: "view_submission" } })],
    [
      "of two buttons at once",
      () => ({ change: { actions: [{ action_id: actionIds.approve }, { action_id: actionIds.refuse }] } }),
    ],
  ])("%s", async (_, more) => {
    expect(await press(more())).toBe(200);
    expect(decided).toEqual([]);
  });

  test.each(people.filter(({ id }) => id !== "U0LEAD" && id !== "U0AWAY").map(({ id }) => id))(
    "of %s, whose e-mail address proves nothing",
    async (user) => {
      await press({ user });
      expect(decided).toEqual([]);
      expect(slack.whispers.at(-1)).toMatchObject({ user, channel: "C0APPROVALS" });
      expect(slack.whispers.at(-1)?.text).toContain(`https://mayfly.test/requests/${request.id}`);
    },
  );

  test("of a user of another workspace in a shared channel", async () => {
    await press({ change: { user: { id: "U0LEAD", team_id: "T0OTHER" } } });
    expect(decided).toEqual([]);
  });

  test("of somebody who is not signed in to Mayfly: they are sent to the console", async () => {
    await press({ user: "U0AWAY" });
    expect(slack.whispers.map(({ text }) => text)).toEqual([
      `You are not signed in to Mayfly. Open the console to decide: https://mayfly.test/requests/${request.id}`,
    ]);
  });

  test.each<[string, Partial<SlackRequest>]>([
    ["of a risk that is not named", { risk: "high" }],
    ["that needs a fresh sign-in", { freshSignIn: true }],
  ])("of a request %s, whatever button the message had", async (_, more) => {
    request = { ...request, ...more };
    await press();
    expect(decided).toEqual([]);
    expect(slack.whispers[0]?.text).toContain("cannot be decided inside Slack");
  });

  test("of a request that is over", async () => {
    request = { ...request, state: "timed_out" };
    await press();
    expect(decided).toEqual([]);
    expect(slack.whispers[0]?.text).toBe(`Request ${request.id} is timed out already.`);
  });

  test("that the rules refuse: why is said, and markup in it does nothing", async () => {
    refusal = new MayflyError("forbidden", "it is your own <!channel>", { status: 403 });
    await press();
    expect(slack.whispers[0]?.text).toContain("Not done: it is your own &lt;!channel&gt;.");
    expect(problems).toEqual([]);
  });
});

test("the link to the console, which Slack tells of too, does nothing", async () => {
  expect(await press({ action: actionIds.open })).toBe(200);
  expect(decided).toEqual([]);
  expect(problems).toEqual([]);
});

test("presses at a time are bounded", async () => {
  let release = (): void => undefined;
  const held = new Promise<{ team: string; app: string }>((resolve) => {
    release = () => resolve({ team: slack.team, app: slack.app });
  });
  const slow = slackInteractions({
    settings: {
      token: new Secret("x"),
      channel: "#a",
      api: slack.url,
      signingSecret: new Secret("s"),
      decide: { risks: ["low"] },
    },
    store: t.store.notifications,
    api: { ...api, self: () => held },
    ports: { request: async () => undefined, decide: async () => "decided" },
    clock: systemClock,
    url: "https://mayfly.test",
    problem: (text) => problems.push(text),
  });
  const now = Math.floor(Date.now() / 1000);
  const payload = JSON.stringify({
    type: "block_actions",
    api_app_id: slack.app,
    team: { id: slack.team },
    user: { id: "U0LEAD" },
    container: { type: "message", message_ts: message.ts, channel_id: message.channel },
    actions: [{ action_id: actionIds.approve, value: "{}" }],
  });
  const raw = new URLSearchParams({ payload }).toString();
  const results: string[] = [];
  for (let i = 0; i < 20; i++) {
    const signature = signInteraction("s", now - i, raw);
    await slow.receive({ raw, timestamp: String(now - i), signature }).then(
      () => results.push("taken"),
      (error: unknown) => results.push(error instanceof MayflyError ? error.code : "?"),
    );
  }
  expect(results).toEqual([...Array(16).fill("taken"), ...Array(4).fill("slack_busy")]);
  release();
  await slow.settled();
});
