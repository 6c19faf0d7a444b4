// tier: full
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { call, getAccess, type Access } from "@mayfly/testing/api.ts";
import type { GatewayProcess } from "@mayfly/testing/gateway.ts";
import { agentId } from "@mayfly/testing/people.ts";
import { namedFirst, secondGateway } from "@mayfly/testing/second-gateway.ts";
import { signInWithoutBrowser } from "@mayfly/testing/sign-in.ts";
import { hookSecret, openStream, withEventHooks } from "@mayfly/testing/signals.ts";
import { psql, startWorld, type Ran, type World } from "@mayfly/testing/world.ts";

// Two gateways on one PostgreSQL store. Okta's event hook reaches the first one alone; what is under way is at the second.

let world: World;
let database: pg.Client;
/** The gateway that no hook reaches, and how it is started again. */
let second: GatewayProcess;
let startSecond: () => Promise<GatewayProcess>;

/** Waits for what the other gateway learns when it next reads the store. */
const eventually = (holds: () => Promise<void> | void): Promise<void> =>
  vi.waitFor(holds, { timeout: 60_000, interval: 100 });

beforeAll(async () => {
  world = await startWorld({
    store: "postgres",
    configure: (text) =>
      namedFirst(withEventHooks(text)).replace(
        "        timeout: 30s\n",
        "        functions: [pg_catalog.pg_sleep]\n",
      ),
    environment: { HOOK_SECRET: hookSecret },
  });
  startSecond = await secondGateway(world);
  second = await startSecond();
  database = new pg.Client({ connectionString: world.postgres.url("shop") });
  await database.connect();
  await addHook();
});
afterAll(async () => {
  await database?.end();
  await second?.stop("SIGKILL");
  await world?.stop();
});

const hookUrl = (): string => `${world.gateway.url}/v1/signals/event-hook`;
const addHook = (): Promise<void> =>
  world.okta.eventHooks.add({
    url: hookUrl(),
    secret: hookSecret,
    ca: readFileSync(world.gateway.caFile, "utf8"),
  });

beforeEach(async () => {
  // Tokens say to the second when they were issued: none in the second of what ended before.
  await sleep(1100);
});

const me = async (gateway: GatewayProcess, token: string): Promise<number> =>
  (await call(gateway, token, "GET", "/v1/me")).status;

/** An ask that waits for a person. */
const ask = { connection: "orders-db", operations: ["refund-order"], reason: "TICKET-1" };

let queries = 0;
/** Runs psql through the second gateway. */
const psqlAtSecond = ({ env }: Access, sql: string): Promise<Ran> =>
  psql(
    { ...world, gateway: second },
    { ...env, PGPORT: String(second.postgresPort), PGSSLROOTCERT: second.caFile },
    ["-c", sql],
  );

/** A psql in the middle of a query, through the second gateway. */
async function queryAtSecond(
  access: Access,
): Promise<{ run: Promise<Ran>; isRunning: () => Promise<boolean> }> {
  const sql = `select pg_sleep(${200_000 + (queries += 1)})`;
  const run = psqlAtSecond(access, sql);
  const isRunning = async (): Promise<boolean> => {
    const { rowCount } = await database.query(
      "select from pg_stat_activity where state = 'active' and query = $1",
      [sql],
    );
    return rowCount === 1;
  };
  await eventually(async () => expect(await isRunning()).toBe(true));
  return { run, isRunning };
}

async function shown(gateway: GatewayProcess, what: string): Promise<Record<string, unknown>> {
  const operator = await world.personToken("olga@example.com");
  return (await call(gateway, operator, "GET", what)).body as Record<string, unknown>;
}

test("a hook at one ends what runs at the other: queries, streams, and what waits", async () => {
  const token = await world.agentToken();
  const access = await getAccess(second, token, "orders-db", ["read-orders"]);
  const query = await queryAtSecond(access);
  const waiting = await call(second, token, "POST", "/v1/requests", ask);
  expect(waiting.status).toBe(202);
  const stream = await openStream(second, token);
  expect(await me(second, token)).toBe(200);

  world.okta.deactivate(agentId);
  await world.okta.eventHooks.settled();
  expect(world.okta.eventHooks.deliveries.at(-1)).toMatchObject({ url: hookUrl(), status: 204 });

  const { code, stderr } = await query.run;
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/identity withdrawn: .*deactivate/);
  await eventually(async () => expect(await query.isRunning()).toBe(false));
  expect(await stream.ended).toMatch(/event: end\ndata: .*token_inactive/);
  await eventually(async () => expect(await me(second, token)).toBe(401));
  const { id } = waiting.body as { id: string };
  await eventually(async () =>
    expect(await shown(second, `/v1/requests/${id}`)).toMatchObject({ state: "refused" }),
  );
  for (const gateway of [world.gateway, second])
    await eventually(async () =>
      expect(await shown(gateway, `/v1/grants/${access.grant}`)).toMatchObject({
        state: "revoked",
        ended_by: "identity",
      }),
    );
  // Neither lets the secret in any more; both take a token that is issued now.
  expect((await psqlAtSecond(access, "select 1")).code).not.toBe(0);
  world.okta.reactivate(agentId);
  await sleep(1100);
  const anew = await world.agentToken();
  expect([await me(world.gateway, anew), await me(second, anew)]).toEqual([200, 200]);
  expect(await me(second, token)).toBe(401);
});

test("a hook at one ends the browser sessions of the other, and what they follow", async () => {
  const [rosa, ravi] = [
    await signInWithoutBrowser(world, "rosa@example.com"),
    await signInWithoutBrowser(world, "ravi@example.com"),
  ];
  const session = (cookie: string): Promise<number> =>
    call(second, undefined, "GET", "/v1/session", undefined, { cookie }).then(({ status }) => status);
  expect([await session(rosa), await session(ravi)]).toEqual([200, 200]);
  const [cut, beside] = [
    await openStream(second, undefined, { cookie: rosa }),
    await openStream(second, undefined, { cookie: ravi }),
  ];
  world.okta.lifecycle.suspend("rosa@example.com");
  await world.okta.eventHooks.settled();
  expect(await cut.ended).toContain("event: end\n");
  await eventually(async () => expect(await session(rosa)).toBe(401));
  expect(await session(ravi)).toBe(200);
  // Somebody else's stream goes on, and tells what happens now.
  const olga = await world.personToken("olga@example.com");
  expect((await call(second, olga, "PUT", "/v1/lockdown", { reason: "an exercise" })).status).toBeLessThan(
    300,
  );
  await eventually(() => expect(beside.soFar()).toContain("lockdown."));
  expect((await call(second, olga, "DELETE", "/v1/lockdown")).status).toBeLessThan(300);
  // The first one hears of both as well, and grants again.
  const agent = await world.agentToken();
  await eventually(async () =>
    expect((await call(world.gateway, agent, "POST", "/v1/requests", ask)).status).toBe(202),
  );
  world.okta.lifecycle.unsuspend("rosa@example.com");
});

test("a grant of one serves at the other at once, and a revocation or a lock-down at one cuts it at the other", async () => {
  const token = await world.agentToken();
  const olga = await world.personToken("olga@example.com");
  const access = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
  const query = await queryAtSecond(access);
  const body = { reason: "INC-7" };
  expect((await call(world.gateway, olga, "POST", `/v1/grants/${access.grant}/revoke`, body)).status).toBe(
    200,
  );
  expect((await query.run).stderr).toMatch(/revoked by .*INC-7/);
  await eventually(async () => expect(await query.isRunning()).toBe(false));

  const locked = await queryAtSecond(await getAccess(second, token, "orders-db", ["read-orders"]));
  expect((await call(world.gateway, olga, "PUT", "/v1/lockdown", body)).status).toBeLessThan(300);
  expect((await locked.run).stderr).toMatch(/lock-down: INC-7/);
  expect((await call(second, token, "POST", "/v1/requests", ask)).status).toBe(503);
  expect((await call(world.gateway, olga, "DELETE", "/v1/lockdown")).status).toBeLessThan(300);
  await eventually(async () =>
    expect((await call(second, token, "POST", "/v1/requests", ask)).status).toBe(202),
  );
});

test("a lease that is renewed at one is not lost at the other, and is lost at both when nobody renews it", async () => {
  const token = await world.agentToken();
  const LEASE_MS = 5000;
  const { body } = await call(world.gateway, token, "POST", "/v1/requests", {
    connection: "orders-db",
    operations: ["read-orders"],
    reason: "TICKET-1",
    lease: "5s",
  });
  const { grant } = body as {
    grant: { id: string; access: { secret: string; env: Record<string, string> } };
  };
  const { secret, env } = grant.access;
  const renew = (): Promise<number> =>
    call(world.gateway, `${grant.id}.${secret}`, "POST", `/v1/grants/${grant.id}/lease`).then(
      ({ status }) => status,
    );
  const silence = new AbortController();
  const renewing = (async () => {
    const answers = new Set<number>();
    while (!silence.signal.aborted) {
      answers.add(await renew().catch(() => 0));
      await sleep(250);
    }
    return answers;
  })();
  const access = { grant: grant.id, secret, dsn: "", env };
  // The other one knows of the grant when it has next read the store.
  await sleep(1500);
  await eventually(async () => expect((await psqlAtSecond(access, "select 1")).code).toBe(0));
  const query = await queryAtSecond(access);
  const until = performance.now() + 2.5 * LEASE_MS;
  while (performance.now() < until) {
    expect(await query.isRunning()).toBe(true);
    await sleep(500);
  }
  for (const gateway of [world.gateway, second])
    expect(await shown(gateway, `/v1/grants/${grant.id}`)).toMatchObject({ state: "active" });
  silence.abort();
  expect(await renewing).toEqual(new Set([200]));
  expect((await query.run).code).not.toBe(0);
  await eventually(async () => expect(await query.isRunning()).toBe(false));
  // Each finds by itself that nobody renews it.
  for (const gateway of [world.gateway, second])
    await eventually(async () =>
      expect(await shown(gateway, `/v1/grants/${grant.id}`)).toMatchObject({
        state: "expired",
        ended_by: "lease",
      }),
    );
  expect(await renew()).toBe(409);
});

test("what one has answered for holds at the other when it is killed at once, and when it comes back", async () => {
  const token = await world.agentToken();
  const access = await getAccess(second, token, "orders-db", ["read-orders"]);
  const query = await queryAtSecond(access);
  world.okta.deactivate(agentId);
  await world.okta.eventHooks.settled();
  await world.gateway.stop("SIGKILL");
  expect((await query.run).code).not.toBe(0);
  await eventually(async () => expect(await me(second, token)).toBe(401));
  await world.restart();
  expect(await me(world.gateway, token)).toBe(401);
  world.okta.reactivate(agentId);
});

test("what was cut off while the other was down holds there from its start", async () => {
  const token = await world.agentToken();
  const access = await getAccess(second, token, "orders-db", ["read-orders"]);
  await second.stop("SIGKILL");
  world.okta.deactivate(agentId);
  await world.okta.eventHooks.settled();
  second = await startSecond();
  expect(await me(second, token)).toBe(401);
  expect((await psqlAtSecond(access, "select 1")).code).not.toBe(0);
  // Whichever of them was first has ended it: the one that was told, or the one that starts and judges what it finds.
  expect(await shown(second, `/v1/grants/${access.grant}`)).toMatchObject({ state: "revoked" });
  world.okta.reactivate(agentId);
});
