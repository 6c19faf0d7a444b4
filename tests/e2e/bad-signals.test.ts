// tier: full
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ask, livePsql, requestNow } from "@mayfly/testing/agent.ts";
import { call, getAccess } from "@mayfly/testing/api.ts";
import { agentId } from "@mayfly/testing/people.ts";
import { hookSecret, withEventHooks } from "@mayfly/testing/signals.ts";
import { psql, startWorld, verifyLog, type World } from "@mayfly/testing/world.ts";

// What comes with the right secret and is bad all the same: too much, too late, again, in the wrong order. It is bounded and
// recorded, ends nothing that should not end, and keeps nothing that should.

let world: World;

beforeAll(async () => {
  world = await startWorld({
    store: "sqlite",
    configure: (text) =>
      withEventHooks(text).replace("  signals: { ", "  signals: { ssf: {}, global_token_revocation: {}, "),
    environment: { HOOK_SECRET: hookSecret },
  });
});
afterAll(() => world.stop());
beforeEach(async () => {
  // Tokens say to the second when they were issued: none in the second of what ended before.
  await sleep(1100);
});

const hookUrl = (): string => `${world.gateway.url}/v1/signals/event-hook`;
/** An event as a hook brings it. */
const event = (id: string, more: object = {}): object => ({
  uuid: randomUUID(),
  published: new Date().toISOString(),
  eventType: "application.lifecycle.deactivate",
  outcome: { result: "SUCCESS" },
  target: [{ id, type: "AppInstance", alternateId: "unknown", displayName: "unknown" }],
  ...more,
});
const send = async (...events: readonly object[]): Promise<number> =>
  (
    await call(
      world.gateway,
      undefined,
      "POST",
      "/v1/signals/event-hook",
      { data: { events } },
      {
        authorization: hookSecret,
      },
    )
  ).status;
const me = async (token: string): Promise<number> =>
  (await call(world.gateway, token, "GET", "/v1/me")).status;
const received = async (): Promise<readonly { detail: Record<string, unknown> }[]> => {
  const auditor = await world.personToken("ada@example.com");
  const { body } = await call(
    world.gateway,
    auditor,
    "GET",
    "/v1/audit/records?type=signal.received&limit=1000",
  );
  return (body as { records: { detail: Record<string, unknown> }[] }).records;
};

test("a flood of events about others holds up nobody who works", async () => {
  const token = await world.agentToken();
  const access = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
  const live = await livePsql(world, access);
  const CALLS = 40;
  const EVENTS = 50;
  const known = (await received()).length;
  const flood = Array.from({ length: CALLS }, (_, at) =>
    send(...Array.from({ length: EVENTS }, (__, of) => event(`0oaother${at}x${of}`))),
  );
  // While it comes in, the agent asks, is answered and works.
  const asked = await ask(world, { operations: ["read-orders"], reason: "TICKET-1" });
  expect(await requestNow(world, asked.id)).toMatchObject({ state: "approved" });
  expect((await psql(world, access.env, ["-c", "select 1 from orders limit 1"])).code).toBe(0);
  const statuses = await Promise.all(flood);
  // What could not be kept in time is to be sent again, which Okta does.
  expect(statuses.filter((status) => status !== 204 && status !== 503)).toEqual([]);
  expect(statuses).toContain(204);
  expect((await received()).length).toBeGreaterThan(Math.min(known + EVENTS, 900));
  expect(await me(token)).toBe(200);
  const isOver = await Promise.race([live.ended.then(() => true), sleep(200).then(() => false)]);
  expect(isOver).toBe(false);
  // And the one among them that means the agent is not lost in it. It is sent again, like them, until it is kept.
  const amongOthers = [event("0oaother"), event(agentId), event("0oaanother")];
  await expect.poll(() => send(...amongOthers)).toBe(204);
  expect((await live.ended).stderr).toMatch(/identity withdrawn: .*application\.lifecycle\.deactivate/);
  expect(await me(token)).toBe(401);
});

test("what comes again, or late, ends nothing that began after it", async () => {
  const captured = event(agentId);
  expect(await send(captured)).toBe(204);
  await sleep(1100);
  const token = await world.agentToken();
  const access = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
  const before = (await received()).length;
  // Replayed as it was; and with another id, as somebody might who has the secret.
  expect(await send(captured)).toBe(204);
  expect((await received()).length).toBe(before);
  expect(await send({ ...captured, uuid: randomUUID() })).toBe(204);
  const [newest] = await received();
  expect(newest?.detail).toMatchObject({ subject: { client: agentId }, effect: "end", grants: [] });
  expect(await me(token)).toBe(200);
  expect((await psql(world, access.env, ["-c", "select 1 from orders limit 1"])).code).toBe(0);
});

test("calls that come in the wrong order end what was held before, and nothing that was issued since", async () => {
  const old = await world.agentToken();
  const { grant } = await getAccess(world.gateway, old, "orders-db", ["read-orders"]);
  await world.okta.eventHooks.add({
    url: hookUrl(),
    secret: hookSecret,
    ca: readFileSync(world.gateway.caFile, "utf8"),
    delivery: "reversed",
  });
  world.okta.eventHooks.hold();
  world.okta.deactivate(agentId);
  world.okta.reactivate(agentId);
  await sleep(1100);
  const anew = await world.agentToken();
  const later = await getAccess(world.gateway, anew, "orders-db", ["read-orders"]);
  // The activation comes first, and the deactivation before it long after the agent is back.
  world.okta.eventHooks.release();
  await world.okta.eventHooks.settled();
  world.okta.eventHooks.remove(hookUrl());
  const operator = await world.personToken("olga@example.com");
  const state = async (id: string): Promise<unknown> =>
    (await call(world.gateway, operator, "GET", `/v1/grants/${id}`)).body;
  expect(await state(grant)).toMatchObject({ state: "revoked", ended_by: "identity" });
  expect(await state(later.grant)).toMatchObject({ state: "active" });
  expect([await me(old), await me(anew)]).toEqual([401, 200]);
  expect((await psql(world, later.env, ["-c", "select 1 from orders limit 1"])).code).toBe(0);
});

test("one bad event among good ones takes nothing from them", async () => {
  const token = await world.agentToken();
  expect(await me(token)).toBe(200);
  const bad = [null, 7, [], {}, event(agentId, { uuid: 7 }), event(agentId, { published: "yesterday" })];
  expect(await send(...(bad as object[]))).toBe(204);
  expect(await me(token)).toBe(200);
  expect(await send(...(bad as object[]), event(agentId), event("x".repeat(100_000)))).toBe(204);
  expect(await me(token)).toBe(401);
});

test("what is larger than a signal may be is not read, on any channel, and ends nothing", async () => {
  const token = await world.agentToken();
  const huge = "x".repeat(2_000_000);
  const post = (where: string, headers: Record<string, string>): Promise<number> =>
    call(world.gateway, undefined, "POST", where, { huge }, headers).then(
      ({ status }) => status,
      // The gateway closes what does not stop sending.
      () => 413,
    );
  expect([
    await post("/v1/signals/event-hook", { authorization: hookSecret }),
    await post("/v1/signals/global-token-revocation", { authorization: "Bearer e30.e30.e30" }),
    await post("/v1/signals/ssf", { "content-type": "application/secevent+jwt" }),
  ]).toEqual([413, 413, 413]);
  expect(await me(token)).toBe(200);
});

test("what was recorded of it all verifies", async () => {
  await world.gateway.stop();
  expect(verifyLog(world)).toMatchObject({ code: 0 });
});
