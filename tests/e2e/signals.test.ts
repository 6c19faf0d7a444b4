// tier: full
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { ask, askRefund, endless, requestNow } from "@mayfly/testing/agent.ts";
import { call, getAccess, type Access } from "@mayfly/testing/api.ts";
import { root } from "@mayfly/testing/gateway.ts";
import { agentId } from "@mayfly/testing/people.ts";
import { hookSecret, openStream, withEventHooks } from "@mayfly/testing/signals.ts";
import { psql, startWorld, verifyLog, type World } from "@mayfly/testing/world.ts";

let world: World;

beforeAll(async () => {
  world = await startWorld({
    store: "sqlite",
    configure: withEventHooks,
    environment: { HOOK_SECRET: hookSecret },
  });
  await world.okta.eventHooks.add({
    url: `${world.gateway.url}/v1/signals/event-hook`,
    secret: hookSecret,
    ca: readFileSync(world.gateway.caFile, "utf8"),
    delivery: "doubled",
  });
});
afterAll(() => world.stop());

/** The same way in, with the agent's access token in the place of the secret. */
const byToken = (access: Access, token: string): Access => ({
  ...access,
  env: { ...access.env, PGUSER: `${access.grant}.token`, PGPASSWORD: token },
});

/** How many endless queries the database runs. */
async function active(): Promise<number> {
  const client = new pg.Client({ connectionString: world.postgres.url("shop") });
  await client.connect();
  try {
    const { rows } = await client.query(
      "SELECT 1 FROM pg_stat_activity WHERE usename = 'mayfly' AND state = 'active' AND query LIKE 'copy (select a.id%'",
    );
    return rows.length;
  } finally {
    await client.end();
  }
}

const running = (count: number): Promise<void> =>
  vi.waitFor(async () => expect(await active()).toBe(count), { timeout: 20_000, interval: 100 });

const records = async (type: string): Promise<readonly { detail: Record<string, unknown> }[]> => {
  const auditor = await world.personToken("ada@example.com");
  const { body } = await call(world.gateway, auditor, "GET", `/v1/audit/records?type=${type}&limit=100`);
  return (body as { records: { detail: Record<string, unknown> }[] }).records;
};

test("the gateway's log names the address with its scheme", () => {
  const said = world.gateway.lines
    .map(({ msg }) => String(msg))
    .filter((text) => text.startsWith("listening"));
  expect(said).toContainEqual(`listening at https://127.0.0.1:${new URL(world.gateway.url).port}`);
});

test("an agent that Okta deactivates is out in the middle of its queries, by token and by secret", async () => {
  const token = await world.agentToken();
  const [bySecret, withToken] = await Promise.all([
    getAccess(world.gateway, token, "orders-db", ["read-orders"]),
    getAccess(world.gateway, token, "orders-db", ["read-orders"]),
  ]);
  const waiting = await askRefund(world);
  const stream = await openStream(world.gateway, token);
  const live = [bySecret, byToken(withToken, token)].map(({ env }) => psql(world, env, ["-c", endless]));
  await running(live.length);

  world.okta.deactivate(agentId);
  await world.okta.eventHooks.settled();
  expect(world.okta.eventHooks.deliveries.map(({ status }) => status)).toEqual([204, 204]);

  for (const { code, stderr } of await Promise.all(live)) {
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/identity withdrawn: the identity provider said \S+\.deactivate/);
  }
  // And the database works for nobody any more.
  await running(0);
  // The stream says so, and ends.
  expect(await stream.ended).toMatch(/event: end\ndata: .*token_inactive/);
  const operator = await world.personToken("olga@example.com");
  for (const { grant } of [bySecret, withToken]) {
    const { body } = await call(world.gateway, operator, "GET", `/v1/grants/${grant}`);
    expect(body).toMatchObject({ state: "revoked", ended_by: "identity" });
  }
  // Okta has its answer before all that waits is closed.
  await expect
    .poll(async () => (await call(world.gateway, operator, "GET", `/v1/requests/${waiting.id}`)).body)
    .toMatchObject({ state: "refused" });
  // Neither the token nor the secret lets anybody in any more.
  expect(await call(world.gateway, token, "GET", "/v1/me")).toMatchObject({
    status: 401,
    body: { code: "token_inactive", hint: expect.stringContaining("log in again") as string },
  });
  for (const access of [bySecret, byToken(withToken, token)])
    expect((await psql(world, access.env, ["-c", "select 1"])).code).not.toBe(0);

  // It came twice, and is on record once: what it reached, before it ended.
  const received = await records("signal.received");
  expect(received).toHaveLength(1);
  expect(received[0]?.detail).toMatchObject({
    channel: "event_hook",
    subject: { kind: "client", client: agentId },
    effect: "end",
    grants: expect.arrayContaining([bySecret.grant, withToken.grant]) as unknown,
    requests: [waiting.id],
  });
});

test("a cut-off outlives the gateway; a token that is issued after it counts", async () => {
  const old = await world.agentToken();
  await sleep(1100);
  world.okta.reactivate(agentId);
  world.okta.deactivate(agentId);
  await world.okta.eventHooks.settled();
  await world.gateway.stop();
  await world.restart();
  expect((await call(world.gateway, old, "GET", "/v1/me")).status).toBe(401);
  world.okta.reactivate(agentId);
  await sleep(1100);
  expect((await call(world.gateway, await world.agentToken(), "GET", "/v1/me")).status).toBe(200);
});

/** Runs `mayflyd signals test` beside the gateway, as its operator does. */
async function signalsTest(...args: readonly string[]): Promise<{ code: number; stdout: string }> {
  const bin = path.join(root, "packages/gateway/bin/mayflyd.js");
  const env = { ...process.env, ...world.environment };
  const child = spawn(process.execPath, [bin, "signals", "test", "-c", world.file, ...args], { env });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  const [code] = (await once(child, "close")) as [number];
  return { code, stdout };
}

test("mayflyd signals test shows what would end, and ends it", async () => {
  const { grant } = await getAccess(world.gateway, await world.agentToken(), "orders-db", ["read-orders"]);
  const operator = await world.personToken("olga@example.com");
  const state = async (): Promise<unknown> =>
    (await call(world.gateway, operator, "GET", `/v1/grants/${grant}`)).body;
  const dry = await signalsTest("--dry-run", "--client", agentId);
  expect(dry.stdout).toContain(`application.lifecycle.deactivate of ${agentId}: would end grant ${grant}\n`);
  expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining("wrong secret: refused") as unknown });
  expect(await state()).toMatchObject({ state: "active" });
  const nobody = await signalsTest();
  expect(nobody).toMatchObject({ code: 0, stdout: expect.stringContaining("ended nothing") as unknown });
  const real = await signalsTest("--client", agentId);
  expect(real.stdout).toContain(`ended grant ${grant}\n`);
  expect(await state()).toMatchObject({ state: "revoked" });
  await sleep(1100);
});

test("a dry run foresees what leaving a group would end, and the group is left by nobody", async () => {
  await world.edit((text) =>
    text.replace(
      "policies:\n",
      `policies:
  - name: whoever is on call reads orders through an agent
    groups: [support-agents]
    person_groups: [sre]
    connection: orders-db
    operations: [read-orders]
    ttl: 5m
  - name: nobody else's agents do
    forbid: true
    groups: [support-agents]
    connection: orders-db
    operations: [read-orders]
    when: context.has_person && !(context.person_groups.contains("sre"))
`,
    ),
  );
  world.gateway.signal("SIGHUP");
  await world.gateway.line("configuration adopted");
  const token = await world.okta.tokenFor({ agent: agentId, person: "sana@example.com" });
  const { grant } = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
  const [, claims = ""] = token.split(".");
  const { uid } = JSON.parse(Buffer.from(claims, "base64url").toString()) as { uid: string };
  const operator = await world.personToken("olga@example.com");
  const state = async (): Promise<unknown> =>
    (await call(world.gateway, operator, "GET", `/v1/grants/${grant}`)).body;
  const foreseen = await signalsTest("--dry-run", "--user", uid, "--group", "sre");
  expect(foreseen.stdout).toContain(
    `group.user_membership.remove of ${uid} from sre: would end grant ${grant}\n`,
  );
  const deleted = await signalsTest("--dry-run", "--group", "sre");
  expect(deleted.stdout).toContain(`group.lifecycle.delete of sre: would end grant ${grant}\n`);
  const another = await signalsTest("--dry-run", "--user", uid, "--group", "another group");
  expect(another.stdout).toContain("would end nothing");
  expect(await state()).toMatchObject({ state: "active" });
  const real = await signalsTest("--user", uid, "--group", "sre");
  expect(real.stdout).toContain(`ended grant ${grant}\n`);
  expect(await state()).toMatchObject({ state: "revoked", ended_by: "policy" });
});

test("what nobody sent with the secret ends nothing, and is on record within bounds", async () => {
  const token = await world.agentToken();
  const access = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
  const forged = {
    data: {
      events: [
        {
          uuid: "forged",
          published: new Date().toISOString(),
          eventType: "application.lifecycle.deactivate",
          target: [{ id: agentId, type: "AppInstance" }],
        },
      ],
    },
  };
  const post = (authorization: string | undefined, body: unknown) =>
    call(
      world.gateway,
      undefined,
      "POST",
      "/v1/signals/event-hook",
      body,
      authorization === undefined ? {} : { authorization },
    );
  expect((await post("another secret", forged)).status).toBe(401);
  expect((await post(undefined, forged)).status).toBe(401);
  // The gateway closes what does not stop sending: its answer may be lost with it.
  const huge = post(hookSecret, { data: "x".repeat(2_000_000) });
  const refusals: readonly unknown[] = [413, "ECONNRESET", "EPIPE"];
  expect(refusals).toContain(
    await huge.then(
      ({ status }) => status,
      (error: NodeJS.ErrnoException) => error.code,
    ),
  );
  expect((await post(hookSecret, { nothing: "here" })).status).toBe(400);
  const flood = await Promise.all(Array.from({ length: 250 }, () => post("another secret", forged)));
  expect(flood.map(({ status }) => status)).toContain(429);
  // The right secret is not held up by those who guess.
  const unknown = { data: { events: [{ ...forged.data.events[0], eventType: "user.mfa.okta_verify" }] } };
  expect((await post(hookSecret, unknown)).status).toBe(204);
  expect((await psql(world, access.env, ["-c", "select 1 from orders limit 1"])).code).toBe(0);
  expect((await records("signal.refused")).length).toBeLessThan(10);
  expect(
    (await requestNow(world, (await ask(world, { operations: ["read-orders"], reason: "x" })).id)).state,
  ).toBe("approved");
  await world.gateway.stop();
  expect(verifyLog(world)).toMatchObject({ code: 0 });
});
