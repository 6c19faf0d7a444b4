// tier: full
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { signInWithSaml } from "@mayfly/okta-stand-in";
import { startSlackStandIn, type SlackStandIn } from "@mayfly/slack-stand-in";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call } from "@mayfly/testing/api.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";
import { startReceiver, until, type Receiver } from "./testing/harness.ts";

const signingSecret = `whsec_${Buffer.alloc(32, 5).toString("base64")}`;
let slack: SlackStandIn;
let siem: Receiver;
let down: Receiver;
let status = 200;
let world: World;
const secrets = mkdtempSync(path.join(tmpdir(), "mayfly-secrets-"));

beforeAll(async () => {
  slack = await startSlackStandIn({
    channels: { "#approvals": "C0APPROVALS" },
    users: [
      { id: "U0ROSA", email: "Rosa@example.com" },
      { id: "U0NILS", email: "nils@example.com" },
      { id: "U0OWNER", email: "owner@example.com" },
    ],
  });
  const kept = { token: slack.token, signing: slack.signingSecret, webhook: signingSecret };
  for (const [name, secret] of Object.entries(kept)) writeFileSync(path.join(secrets, name), secret);
  siem = await startReceiver();
  down = await startReceiver((response) => response.writeHead(status).end());
  world = await startWorld({
    store: "sqlite",
    // A request that asks for a fresh sign-in is never decided inside Slack, and the demo's does.
    configure: (
      text,
    ) => `${text.replace(/, fresh_sign_in: \w+/, "").replace(/^notifications:[\s\S]*?(?=^\S|(?![\s\S]))/m, "")}
notifications:
  slack:
    token: { file: ${secrets}/token }
    channel: "#approvals"
    signing_secret: { file: ${secrets}/signing }
    decide: { risks: [high] }
    api: ${slack.url}
    allow_insecure_loopback: true
  webhooks:
    - { name: siem, url: "${siem.url}", secret: { file: ${secrets}/webhook }, allow_insecure_loopback: true }
    - { name: down, url: "${down.url}", secret: { file: ${secrets}/webhook }, events: ["request.*"], allow_insecure_loopback: true }
`,
  });
});
afterAll(async () => {
  await world?.stop();
  await Promise.all([slack?.close(), siem?.close(), down?.close()]);
  rmSync(secrets, { recursive: true });
});

interface Asked {
  readonly id: string;
  readonly state: string;
}

async function ask(reason: string): Promise<Asked> {
  const answer = await call(world.gateway, await world.agentToken(), "POST", "/v1/requests", {
    connection: "orders-db",
    operations: ["refund-order"],
    reason,
  });
  return answer.body as Asked;
}

async function stateOf(id: string): Promise<string> {
  const answer = await call(world.gateway, await world.agentToken(), "GET", `/v1/requests/${id}`);
  return (answer.body as Asked).state;
}

const messageOf = (reason: string) =>
  slack.messages.find((message) => JSON.stringify(message.blocks).includes(reason));
const events = (): { type: string; data: { request?: string; seq: number } }[] =>
  siem.calls.map(({ body }) => JSON.parse(body) as never);

/** Signs in as a browser would, and keeps the session. */
async function signIn(login: string): Promise<void> {
  const visit = (
    to: string,
    cookie: string,
    form?: Record<string, string>,
  ): Promise<{ location: string; cookies: string }> =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        new URL(to, world.gateway.url),
        {
          method: form === undefined ? "GET" : "POST",
          ca: readFileSync(world.gateway.caFile),
          agent: false,
          headers: {
            cookie,
            ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
          },
        },
        (incoming) => {
          incoming.resume();
          incoming.once("end", () =>
            resolve({
              location: incoming.headers.location ?? "",
              cookies: (incoming.headers["set-cookie"] ?? [])
                .map((line) => line.split(";")[0] ?? "")
                .join("; "),
            }),
          );
        },
      );
      outgoing.once("error", reject);
      outgoing.end(form === undefined ? undefined : new URLSearchParams(form).toString());
    });
  const begun = await visit("/sign-in/saml?return=/inbox", "");
  const posted = await signInWithSaml(begun.location, login);
  const done = await visit("/sign-in/saml/acs", begun.cookies, {
    SAMLResponse: posted.samlResponse,
    RelayState: posted.relayState ?? "",
  });
  expect(done.location).toBe("/inbox");
}

async function press(reason: string, user: string, action = "mayfly_approve"): Promise<number> {
  const message = messageOf(reason);
  if (message === undefined) throw new Error("there is no message");
  const answer = await slack.press({
    to: `${world.gateway.url}/slack/interactions`,
    ca: readFileSync(world.gateway.caFile, "utf8"),
    message,
    user,
    action,
  });
  return answer.status;
}

test("a request that waits is told to Slack and to webhooks, and so is what becomes of it", async () => {
  const asked = await ask("TICKET-1 told");
  expect(asked.state).toBe("pending");
  await until(() => messageOf("TICKET-1 told") !== undefined, "the message");
  await until(() => events().some(({ data }) => data.request === asked.id), "the event");
  const event = siem.calls.find(({ body }) => body.includes(asked.id));
  expect(
    new Webhook(signingSecret).verify(event?.body ?? "", event?.headers as Record<string, string>),
  ).toMatchObject({
    type: "request.created",
    data: { request: asked.id, connection: "orders-db" },
  });
  await call(world.gateway, await world.agentToken(), "DELETE", `/v1/requests/${asked.id}`);
  await until(() => JSON.stringify(messageOf("TICKET-1 told")).includes("Withdrawn"), "the update");
  await until(() => events().some(({ type }) => type === "request.withdrawn"), "the second event");
});

test("a decision in Slack counts only of a reviewer who is signed in here", async () => {
  const asked = await ask("TICKET-2 decided in Slack");
  await until(() => messageOf("TICKET-2") !== undefined, "the message");
  // A reviewer, but not signed in.
  expect(await press("TICKET-2", "U0ROSA")).toBe(200);
  await until(() => slack.whispers.length === 1, "the first answer");
  expect(slack.whispers[0]?.text).toContain("You are not signed in to Mayfly.");
  // Signed in, but no reviewer.
  await signIn("nils@example.com");
  await press("TICKET-2", "U0NILS");
  await until(() => slack.whispers.length === 2, "the second answer");
  expect(slack.whispers[1]?.text).toContain("you do not have the role reviewer");
  // Signed in and a reviewer, but the agent is theirs.
  await signIn("owner@example.com");
  await press("TICKET-2", "U0OWNER");
  await until(() => slack.whispers.length === 3, "the third answer");
  expect(slack.whispers[2]?.text).toContain("the agent is yours");
  expect(await stateOf(asked.id)).toBe("pending");
  await signIn("rosa@example.com");
  await press("TICKET-2", "U0ROSA");
  await until(async () => (await stateOf(asked.id)) === "approved", "the approval");
  await until(() => JSON.stringify(messageOf("TICKET-2")).includes("Approved"), "the update");
  const token = await world.personToken("ada@example.com");
  const given = await call(world.gateway, token, "GET", `/v1/audit/records?request=${asked.id}`);
  expect(given.body).toMatchObject({
    records: expect.arrayContaining([
      expect.objectContaining({
        type: "approval.given",
        principal: expect.objectContaining({ subject: "rosa@example.com" }),
        detail: expect.objectContaining({ comment: "decided in Slack" }),
      }),
    ]),
  });
});

test("a press that Slack did not sign is refused", async () => {
  await ask("TICKET-3 forged");
  await until(() => messageOf("TICKET-3") !== undefined, "the message");
  const message = messageOf("TICKET-3");
  if (message === undefined) throw new Error("there is no message");
  const answer = await slack.press({
    to: `${world.gateway.url}/slack/interactions`,
    ca: readFileSync(world.gateway.caFile, "utf8"),
    message,
    user: "U0ROSA",
    action: "mayfly_approve",
    secret: "guessed",
  });
  expect(answer.status).toBe(401);
});

test("killed and started again, a gateway tells what it had not told, and goes on with its messages", async () => {
  const operator = await world.personToken("olga@example.com");
  const posted = async (): Promise<number> => {
    const { body } = await call(world.gateway, operator, "GET", "/metrics");
    return Number(/mayfly_slack_messages_total\{outcome="posted"\} (\d+)/.exec(String(body))?.[1] ?? 0);
  };
  const before = await posted();
  const asked = await ask("TICKET-4 over a restart");
  await until(() => messageOf("TICKET-4") !== undefined, "the message");
  // Slack has it before the gateway knows that it does: killed in between, it would post it again.
  await until(async () => (await posted()) > before, "the answer to the message");
  const said = slack.messages.length;
  status = 503;
  slack.failAll({ hangUp: true });
  await call(world.gateway, await world.agentToken(), "DELETE", `/v1/requests/${asked.id}`);
  await world.gateway.stop("SIGKILL");
  status = 200;
  slack.failAll(undefined);
  await world.restart();
  await until(() => JSON.stringify(messageOf("TICKET-4")).includes("Withdrawn"), "the update");
  expect(slack.messages).toHaveLength(said);
  const of = (receiver: Receiver): string[] =>
    receiver.calls.flatMap(({ body }) => {
      const { type, data } = JSON.parse(body) as { type: string; data: { request?: string } };
      return data.request === asked.id ? [type] : [];
    });
  await until(() => of(down).includes("request.withdrawn") && of(siem).includes("request.withdrawn"), "both");
  // Every record of the log but acts, none left out.
  const token = await world.personToken("ada@example.com");
  const answer = await call(world.gateway, token, "GET", "/v1/audit/records?limit=200");
  const written = (answer.body as { records: { seq: number; type: string }[] }).records
    .filter(({ type }) => !type.startsWith("act."))
    .map(({ seq }) => seq);
  // The log's first record is from before anybody listened.
  const expected = written.filter((seq) => seq > Math.min(...events().map(({ data }) => data.seq)));
  await until(() => {
    const told = new Set(events().map(({ data }) => data.seq));
    return expected.every((seq) => told.has(seq));
  }, "every event");
});

test("an operator sees deliveries and replays one; nobody else does", async () => {
  const operator = await world.personToken("olga@example.com");
  interface Listed {
    deliveries: { id: string; webhook: string; state: string; type: string; attempts: number }[];
  }
  const list = async (query: string): Promise<Listed["deliveries"]> =>
    ((await call(world.gateway, operator, "GET", `/v1/webhooks/deliveries${query}`)).body as Listed)
      .deliveries;
  await until(async () => (await list("?webhook=siem&state=delivered")).length > 0, "a delivery");
  const [one] = await list("?webhook=siem&state=delivered");
  const before = siem.calls.length;
  const replayed = await call(
    world.gateway,
    operator,
    "POST",
    `/v1/webhooks/deliveries/${one?.id ?? ""}/replay`,
  );
  expect(replayed).toMatchObject({ status: 200, body: { id: one?.id, state: "pending", attempts: 0 } });
  await until(() => siem.calls.length > before, "the replay");
  const reviewer = await world.personToken("rosa@example.com");
  expect((await call(world.gateway, reviewer, "GET", "/v1/webhooks/deliveries")).status).toBe(403);
  expect(
    (await call(world.gateway, operator, "POST", "/v1/webhooks/deliveries/dlv_0000000000000000/replay"))
      .status,
  ).toBe(404);
  const metrics = await call(world.gateway, operator, "GET", "/metrics");
  expect(String(metrics.body)).toMatch(
    /mayfly_webhook_deliveries_total\{webhook="siem",outcome="delivered"\} \d+/,
  );
  expect(String(metrics.body)).toMatch(/mayfly_slack_messages_total\{outcome="updated"\} \d+/);
});

test("a reload takes a webhook away and gives another, and a slip in a pattern keeps the old settings", async () => {
  const lines = world.gateway.lines;
  const reload = async (change: (text: string) => string): Promise<void> => {
    const seen = lines.length;
    await world.edit(change);
    world.gateway.signal("SIGHUP");
    await until(
      () => lines.slice(seen).some(({ msg }) => /^configuration (?:adopted|refused)/.test(String(msg))),
      "the reload",
    );
  };
  await reload((text) => text.replace('["request.*"]', '["requests.*"]'));
  expect(JSON.stringify(lines)).toContain("there are no records of the type requests.*");
  const before = down.calls.length;
  await reload((text) =>
    text.replace('["requests.*"]', '["lockdown.*"]').replace("decide: { risks: [high] }", ""),
  );
  const asked = await ask("TICKET-5 after the reload");
  await until(() => events().some(({ data }) => data.request === asked.id), "the event");
  await until(() => messageOf("TICKET-5") !== undefined, "the message");
  expect(JSON.stringify(messageOf("TICKET-5"))).not.toContain("mayfly_approve");
  const operator = await world.personToken("olga@example.com");
  await call(world.gateway, operator, "PUT", "/v1/lockdown", { reason: "an exercise" });
  // What was asked before the reload may be tried once more beside it.
  const typesSince = (): string[] =>
    down.calls.slice(before).map(({ body }) => (JSON.parse(body) as { type: string }).type);
  await until(() => typesSince().includes("lockdown.started"), "the lock-down's event");
  await until(() => slack.messages.some(({ text }) => text.includes("LOCK-DOWN")), "the loud message");
});

test("nothing secret is in the daemon's log", () => {
  const log = JSON.stringify(world.gateway.lines);
  for (const secret of [slack.token, slack.signingSecret, signingSecret]) expect(log).not.toContain(secret);
});
