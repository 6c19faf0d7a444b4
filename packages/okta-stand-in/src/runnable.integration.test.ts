// tier: full
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { newSigningKey } from "./index.ts";
import { askToken } from "./testing/client.ts";
import { startReceiver } from "./testing/receiver.ts";

const main = path.join(path.dirname(fileURLToPath(import.meta.url)), "main.ts");
const key = await newSigningKey("RS256");
let folder: string;
let child: ChildProcess;
let org: string;
let printed: string;
let receiver: Awaited<ReturnType<typeof startReceiver>>;

/** Starts the command on a file and waits for what it prints of the org. */
async function start(text: string): Promise<string> {
  await writeFile(path.join(folder, "org.yaml"), text);
  child = spawn(process.execPath, [main, "--config", "org.yaml"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [shown, errors] = ["", ""];
  child.stderr?.setEncoding("utf8").on("data", (more: string) => (errors += more));
  return new Promise((resolve, reject) => {
    child.stdout?.setEncoding("utf8").on("data", (more: string) => {
      shown += more;
      org = /^ {2}org +(\S+)$/m.exec(shown)?.[1] ?? "";
      if (shown.endsWith("/logs\n")) resolve(shown);
    });
    child.once("close", () => reject(new Error(`it ended:\n${shown}${errors}`)));
  });
}

async function call(method: string, where: string, body?: object) {
  const response = await fetch(`${org}${where}`, {
    method,
    headers: { authorization: "SSWS 00try", "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown> };
}

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "mayfly-org-"));
  receiver = await startReceiver();
  const { d: _, ...pub } = key;
  await writeFile(path.join(folder, "bot.public.jwk"), JSON.stringify(pub));
  await writeFile(path.join(folder, "ca.pem"), "");
  printed = await start(`
apiToken: 00try
trust: ca.pem
people:
  - { login: rosa@example.com, name: Rosa Reviewer, groups: [support-leads], uid: 00uRosa }
groupIds: { support-leads: 00gLeads }
agents: [{ clientId: 0oaBot, name: bot, keys: [bot.public.jwk] }]
registeredAgents: [{ clientId: wlpBot, keys: [bot.public.jwk] }]
globalTokenRevocation: [{ url: "${receiver.url}", app: 0oaConsole }]
`);
});
afterEach(async () => {
  child.kill();
  await receiver.stop();
  await rm(folder, { recursive: true, force: true });
});

test("an org in a file starts, and its apps have the keys of the files that it names", async () => {
  expect(printed).toContain("It is not Okta");
  expect(printed).toContain("service app  0oaBot  bot");
  expect(printed).toContain("group  support-leads  00gLeads");
  const { status } = await askToken(
    `${org}/oauth2/default/v1/token`,
    { clientId: "0oaBot", key },
    { grant_type: "client_credentials", scope: "mayfly" },
  );
  expect(status).toBe(200);
});

const hook = {
  name: "Mayfly",
  events: { type: "EVENT_TYPE", items: ["user.lifecycle.deactivate", "group.user_membership.remove"] },
  channel: {
    type: "HTTP",
    version: "1.0.0",
    config: {
      uri: "",
      headers: [],
      authScheme: { type: "HEADER", key: "Authorization", value: "as typed" },
    },
  },
};
const hookTo = (uri: string) => ({
  ...hook,
  channel: { ...hook.channel, config: { ...hook.channel.config, uri } },
});

test("an administrator makes an event hook, verifies it, and its receiver hears of what they do", async () => {
  const made = await call("POST", "/api/v1/eventHooks", hookTo(receiver.url));
  expect(made.body).toMatchObject({ status: "ACTIVE", verificationStatus: "UNVERIFIED" });
  await call("POST", "/api/v1/users/rosa@example.com/lifecycle/deactivate");
  const verified = await call("POST", `/api/v1/eventHooks/${String(made.body["id"])}/lifecycle/verify`);
  expect(verified.body).toMatchObject({ verificationStatus: "VERIFIED" });
  await call("DELETE", "/api/v1/groups/00gLeads/users/rosa@example.com");
  await expect
    .poll(() =>
      receiver.posts().map(({ headers, body }) => [headers.authorization, JSON.parse(body) as unknown]),
    )
    .toMatchObject([["as typed", { data: { events: [{ eventType: "group.user_membership.remove" }] } }]]);
  expect((await call("GET", "/api/v1/eventHooks")).body).toMatchObject([{ name: "Mayfly" }]);
  expect((await call("DELETE", `/api/v1/eventHooks/${String(made.body["id"])}`)).status).toBe(204);
  expect((await call("GET", "/api/v1/eventHooks")).body).toEqual([]);
});

test("a hook that is not whole, or whose receiver fails the challenge, is refused as Okta refuses it", async () => {
  const refused = async (body: object) => {
    const answer = await call("POST", "/api/v1/eventHooks", body);
    return [answer.status, answer.body["errorSummary"]];
  };
  expect(await refused({ ...hook, name: 1 })).toEqual([400, "Api validation failed: name"]);
  expect(await refused({ ...hook, events: { items: ["app.oauth2.as.token.revoke"] } })).toEqual([
    400,
    "Api validation failed: events.items: app.oauth2.as.token.revoke is not eligible",
  ]);
  receiver.doNotEcho();
  const made = await call("POST", "/api/v1/eventHooks", hookTo(receiver.url));
  const id = String(made.body["id"]);
  expect((await call("POST", `/api/v1/eventHooks/${id}/lifecycle/verify`)).status).toBe(400);
});

test("an administrator logs somebody out everywhere, and makes a stream of security events", async () => {
  const subject = (sub_id: object) => call("POST", "/oauth2/v1/global-token-revocation", { sub_id });
  expect((await subject({ format: "iss_sub", iss: org, sub: "00uRosa" })).status).toBe(204);
  expect((await subject({ format: "email", email: "rosa@example.com" })).status).toBe(204);
  expect((await subject({ format: "email", email: "nobody@example.com" })).status).toBe(404);
  expect(receiver.posts()).toHaveLength(2);
  const stream = await call("POST", "/api/v1/ssf/stream", {
    delivery: {
      method: "urn:ietf:rfc:8935",
      endpoint_url: receiver.url,
      authorization_header: "Bearer stream",
    },
  });
  expect(stream.status).toBe(201);
  expect(receiver.posts().at(-1)?.headers).toMatchObject({
    authorization: "Bearer stream",
    "content-type": "application/secevent+jwt",
  });
});
