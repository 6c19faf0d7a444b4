import { afterEach, beforeEach, expect, test } from "vitest";
import { Webhook } from "standardwebhooks";
import { createAuditFeed } from "../../audit/index/feed.ts";
import type { AuditRecord, NewRecord } from "../../audit/records.ts";
import { Secret } from "../../kernel/secret.ts";
import type { Delivery } from "../store.ts";
import {
  hurriedClock,
  openTestLog,
  startReceiver,
  until,
  type Receiver,
  type TestLog,
} from "../testing/harness.ts";
import type { WebhookTarget } from "../types.ts";
import { httpSender } from "./sender.ts";
import { startWebhook, type WebhookWorker } from "./worker.ts";

const secret = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;
const log = { id: "gateway.test+1", name: "gateway.test" };
let t: TestLog;
const undo: (() => Promise<void>)[] = [];

beforeEach(async () => {
  // A second of the schedule is ten milliseconds here.
  t = await openTestLog(hurriedClock(100));
});
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
  await t.close();
});

async function receiver(...of: Parameters<typeof startReceiver>): Promise<Receiver> {
  const started = await startReceiver(...of);
  undo.push(() => started.close());
  return started;
}

interface Started {
  readonly worker: WebhookWorker;
  readonly counts: Record<string, number>;
  readonly problems: string[];
  /** Its deliveries, oldest first. */
  deliveries(): Promise<readonly Delivery[]>;
}

function start(url: string, more: Partial<WebhookTarget> = {}, timeout = 500_000): Started {
  const { clock, feed, reader, store } = t;
  const counts: Record<string, number> = {};
  const problems: string[] = [];
  const target = { name: "siem", url, secret: new Secret(secret), ...more };
  const worker = startWebhook({
    target,
    log,
    store: store.notifications,
    feed,
    reader,
    sender: httpSender({ url, clock, connections: 8, timeout }),
    clock,
    random: () => 0.5,
    counted: (outcome) => {
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    },
    problem: (message) => problems.push(message),
  });
  undo.push(() => worker.stop());
  return {
    worker,
    counts,
    problems,
    deliveries: async () =>
      (await store.notifications.deliveries({ webhook: target.name, limit: 5000 })).toSorted(
        (a, b) => a.seq - b.seq,
      ),
  };
}

const created = (reason: string): NewRecord => ({
  type: "request.created",
  request: "req_1",
  detail: { reason },
});
const seqs = ({ calls }: Receiver): number[] =>
  calls.map(({ body }) => (JSON.parse(body) as { data: AuditRecord }).data.seq);
const begun = (name = "siem"): Promise<void> =>
  until(
    async () =>
      (await t.store.notifications.cursor({ log: log.id, reader: `webhook:${name}` })) !== undefined,
  );

test("an event is signed as Standard Webhooks says, and holds the record", async () => {
  const at = await receiver();
  const { counts, deliveries } = start(at.url);
  await begun();
  t.write(created("TICKET-1"), { type: "act.intent", detail: { act: {} } });
  await until(() => at.calls.length > 0);
  const [call] = at.calls;
  const verified = new Webhook(secret).verify(call?.body ?? "", call?.headers as Record<string, string>);
  expect(verified).toEqual({
    type: "request.created",
    timestamp: t.records[0]?.time,
    data: { log: "gateway.test", ...t.records[0] },
  });
  expect(call?.headers["content-type"]).toBe("application/json");
  expect(call?.headers["webhook-id"]).toMatch(/^msg_[0-9a-f]{16}_0$/);
  expect(() => new Webhook(secret).verify(`${call?.body} `, call?.headers as Record<string, string>)).toThrow(
    /No matching signature/,
  );
  await until(() => counts["delivered"] === 1);
  await until(async () => (await deliveries())[0]?.state === "delivered");
  expect(await deliveries()).toMatchObject([{ attempts: 1, lastStatus: 204, type: "request.created" }]);
});

test("a burst of a thousand events arrives, each once, and none of what is not wanted", async () => {
  const at = await receiver();
  const { counts } = start(at.url, { events: ["request.*"] });
  await begun();
  for (let i = 0; i < 1000; i++) t.write(created(`n${i}`), { type: "act.intent", detail: {} });
  await until(() => counts["delivered"] === 1000, "the burst");
  expect(seqs(at).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i * 2));
});

test("a receiver that fails is tried again, with the same id, and a rest for all that waits", async () => {
  const at = await receiver((response, n) => response.writeHead(n < 4 ? 503 : 200).end());
  const { counts, deliveries } = start(at.url);
  await begun();
  t.write(created("a"), created("b"));
  await until(async () => (await deliveries()).filter(({ state }) => state === "delivered").length === 2);
  expect(counts["retried"]).toBe(3);
  const ids = at.calls.map(({ headers }) => headers["webhook-id"]);
  expect(new Set(ids).size).toBe(2);
});

test("what is tried again bears the time of the attempt, so that it still verifies", async () => {
  const at = await receiver((response, n) => response.writeHead(n === 1 ? 500 : 200).end());
  start(at.url);
  await begun();
  t.write(created("a"));
  await until(() => at.calls.length === 2);
  const [first, second] = at.calls.map(({ headers }) => Number(headers["webhook-timestamp"]));
  expect(second).toBeGreaterThanOrEqual((first ?? 0) + 4);
});

test("a redirect is a failure and is not followed", async () => {
  const elsewhere = await receiver();
  const at = await receiver((response, n) =>
    n === 1 ? response.writeHead(307, { location: elsewhere.url }).end() : response.writeHead(200).end(),
  );
  const { deliveries } = start(at.url);
  await begun();
  t.write(created("a"));
  await until(async () => (await deliveries())[0]?.lastError !== undefined);
  expect((await deliveries())[0]).toMatchObject({
    lastStatus: 307,
    lastError: "answered 307: redirects are not followed",
  });
  await until(() => at.calls.length === 2);
  expect(elsewhere.calls).toEqual([]);
});

test("no answer in time is a failure; the time is bounded whatever trickles in", async () => {
  const at = await receiver((response, n) => {
    if (n > 1) response.writeHead(200).end();
  });
  const { deliveries } = start(at.url, {}, 15_000);
  await begun();
  t.write(created("a"));
  await until(async () => (await deliveries())[0]?.lastError !== undefined);
  expect((await deliveries())[0]?.lastError).toBe("no answer within 15 s");
  await until(async () => (await deliveries())[0]?.state === "delivered");
});

test("an answer is taken by its status: one without end, and one cut in the middle, hold nothing up", async () => {
  const endless = await receiver((response, n) => {
    response.writeHead(200, { "content-type": "text/plain" });
    if (n === 1) {
      const write = (): void => {
        if (!response.destroyed) response.write("x".repeat(4096), () => setImmediate(write));
      };
      write();
      return;
    }
    response.write("half");
    setImmediate(() => response.destroy());
  });
  const { counts } = start(endless.url);
  await begun();
  t.write(created("a"));
  await until(() => counts["delivered"] === 1);
  t.write(created("b"));
  await until(() => counts["delivered"] === 2);
  expect(endless.calls).toHaveLength(2);
});

test("a receiver that closes without an answer is tried again", async () => {
  const at = await receiver((response, n) => {
    if (n === 1) response.destroy();
    else response.writeHead(200).end();
  });
  const { counts } = start(at.url);
  await begun();
  t.write(created("a"));
  await until(() => counts["delivered"] === 1);
  expect(counts["retried"] ?? 0).toBe(1);
});

test("410 ends it: nothing more is sent, and what waits stays for the next start", async () => {
  const at = await receiver((response) => response.writeHead(410).end());
  const { problems, deliveries, worker } = start(at.url);
  await begun();
  t.write(created("a"));
  await until(() => problems.length === 1);
  expect(problems[0]).toContain("410 Gone");
  t.write(created("b"));
  await until(async () => (await deliveries())[0]?.state === "failed");
  await worker.stop();
  await t.restart();
  const well = await receiver();
  start(well.url);
  await until(() => well.calls.length === 1);
  expect(seqs(well)).toEqual([1]);
});

test("a slow receiver holds no other up", async () => {
  const slow = await receiver(() => undefined);
  const quick = await receiver();
  start(slow.url, { name: "slow" });
  const { counts } = start(quick.url, { name: "quick" });
  await begun("slow");
  await begun("quick");
  for (let i = 0; i < 100; i++) t.write(created(`n${i}`));
  await until(() => counts["delivered"] === 100);
  expect(slow.calls.length).toBeLessThanOrEqual(16);
});

test("a gateway that was away goes on where it was, and misses nothing", async () => {
  const at = await receiver();
  const first = start(at.url);
  await begun();
  t.write(created("a"));
  await until(() => first.counts["delivered"] === 1);
  await first.worker.stop();
  await t.restart();
  t.write(created("b"), created("c"));
  const second = start(at.url);
  await until(() => second.counts["delivered"] === 2);
  expect(seqs(at).toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
});

test("a webhook that is new begins with what happens next", async () => {
  t.write(created("before"));
  const at = await receiver();
  const { counts } = start(at.url);
  await begun();
  t.write(created("after"));
  await until(() => counts["delivered"] === 1);
  expect(seqs(at)).toEqual([1]);
});

test("what was on its way at a stop is sent again", async () => {
  let hold = true;
  const at = await receiver((response) => {
    if (!hold) response.writeHead(200).end();
  });
  const { worker } = start(at.url);
  await begun();
  t.write(created("a"));
  await until(() => at.calls.length === 1);
  await worker.stop();
  hold = false;
  await t.restart();
  const again = start(at.url);
  await until(() => again.counts["delivered"] === 1);
  expect(seqs(at)).toEqual([0, 0]);
  expect(new Set(at.calls.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
});

test("ten attempts fail, then the delivery has failed; a replay begins anew", async () => {
  const clock = hurriedClock(3_000_000);
  await t.close();
  t = await openTestLog(clock);
  let status = 400;
  const at = await receiver((response) => response.writeHead(status).end());
  const { deliveries, worker, counts } = start(at.url, {}, 108_000_000_000);
  await begun();
  t.write(created("a"));
  await until(async () => (await deliveries())[0]?.state === "failed");
  expect(at.calls).toHaveLength(10);
  expect((await deliveries())[0]).toMatchObject({ attempts: 10, lastStatus: 400, lastError: "answered 400" });
  expect(counts).toEqual({ retried: 9, failed: 1 });
  status = 200;
  const [failed] = await deliveries();
  await t.store.notifications.replay(failed?.id ?? "", clock.wall());
  worker.wake();
  await until(async () => (await deliveries())[0]?.state === "delivered");
  expect((await deliveries())[0]?.attempts).toBe(1);
});

test("gateways that share a store send their own log's records, each once", async () => {
  const at = await receiver();
  const { counts } = start(at.url);
  await begun();
  const theirs: AuditRecord[] = [];
  const reader = { read: async (seq: number, limit: number) => theirs.slice(seq, seq + limit) };
  const feed = createAuditFeed({ reader, written: () => theirs.length, clock: t.clock });
  const other = startWebhook({
    target: { name: "siem", url: at.url, secret: new Secret(secret) },
    log: { id: "other.test+2", name: "other.test" },
    store: t.store.notifications,
    feed,
    reader,
    sender: httpSender({ url: at.url, clock: t.clock, connections: 8, timeout: 500_000 }),
    clock: t.clock,
    random: () => 0.5,
    counted: () => undefined,
    problem: () => undefined,
  });
  await until(
    async () =>
      (await t.store.notifications.cursor({ log: "other.test+2", reader: "webhook:siem" })) !== undefined,
  );
  for (let seq = 0; seq < 5; seq++)
    theirs.push({ seq, time: "2026-01-01T12:00:00.000Z", type: "request.created", detail: {} });
  t.write(created("a"), created("b"));
  await until(() => at.calls.length >= 7 && counts["delivered"] === 2);
  await other.stop();
  await feed.close();
  const told = at.calls.map(({ body }) => {
    const { data } = JSON.parse(body) as { data: { log: string; seq: number } };
    return `${data.log} ${data.seq}`;
  });
  expect(told.toSorted()).toEqual([
    "gateway.test 0",
    "gateway.test 1",
    ...[0, 1, 2, 3, 4].map((seq) => `other.test ${seq}`),
  ]);
  expect(new Set(at.calls.map(({ headers }) => headers["webhook-id"])).size).toBe(7);
});
