import { afterEach, expect, test } from "vitest";
import { fakeClock, type FakeClock } from "@mayfly/testing/fake-clock.ts";
import type { ExportFormat, SplunkTarget } from "../../../kernel/export-settings.ts";
import { Secret } from "../../../kernel/secret.ts";
import type { Destination } from "../../destination.ts";
import { httpReceiver, json, type Answer, type HttpReceiver } from "../../testing/http-receiver.ts";
import { range, recordsOf } from "../../testing/stream.ts";
import { bareRecord, mayflyFormat } from "../../outgoing.ts";
import type { Bare } from "./split.ts";
import { splunkDestination } from "./splunk.ts";

const exporter = { host: "mayfly.internal", log: "gateway.test", version: "1.2.3" };
const bare: Bare = (record) => bareRecord(record, mayflyFormat);
const never = new AbortController().signal;
const batch = (from: number, to: number) => ({ records: recordsOf(range(from, to)), next: to });
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function sendTo(
  answer: Answer,
  more: Partial<SplunkTarget> = {},
  format: ExportFormat = "mayfly",
): Promise<{ at: HttpReceiver; destination: Destination; clock: FakeClock }> {
  const at = await httpReceiver(answer);
  undo.push(() => at.close());
  const clock = fakeClock();
  const target: SplunkTarget = {
    kind: "splunk",
    url: at.url,
    token: new Secret("hunter2"),
    acknowledge: false,
    ...more,
  };
  const destination = splunkDestination(target, exporter, { format, bare }, clock);
  undo.push(() => destination.close());
  return { at, destination, clock };
}
const success = json(200, { text: "Success", code: 0 });
const eventsOf = (body: string): unknown[] => body.split("\n").map((line) => JSON.parse(line) as unknown);

test("records are events, one behind the other, with the token", async () => {
  const { at, destination } = await sendTo(success, { index: "audit" });
  expect(await destination.send(batch(0, 2), never)).toEqual({ kind: "delivered", delivered: 2 });
  const [post] = at.posts;
  expect(post).toMatchObject({
    path: "/services/collector/event",
    headers: { authorization: "Splunk hunter2", "content-encoding": "gzip" },
  });
  expect(post?.headers).not.toHaveProperty("x-splunk-request-channel");
  expect(eventsOf(post?.body ?? "")).toEqual(
    [0, 1].map((seq) => ({
      time: 1767268800,
      host: "mayfly.internal",
      source: "gateway.test",
      sourcetype: "mayfly:audit",
      index: "audit",
      fields: { mayfly_log: "gateway.test", mayfly_seq: String(seq) },
      event: { seq },
    })),
  );
});

test("events of the other format have a type of their own, and no index where none is named", async () => {
  const { at, destination } = await sendTo(success, {}, "ocsf");
  await destination.send(batch(0, 1), never);
  const [event] = eventsOf(at.posts[0]?.body ?? "");
  expect(event).toMatchObject({ sourcetype: "mayfly:audit:ocsf" });
  expect(event).not.toHaveProperty("index");
});

test.each<[string, Answer, object]>([
  [
    "busy",
    json(503, { text: "Server is busy", code: 9 }, { "retry-after": "3" }),
    { why: "HTTP 503, code 9", retryAfter: 3000 },
  ],
  ["a wrong token", json(403, { text: "Invalid token", code: 4 }), { why: "HTTP 403, code 4" }],
  ["a wrong index", json(400, { text: "Incorrect index", code: 7 }), { why: "HTTP 400, code 7" }],
  [
    "a proxy's page",
    (_, response) => response.writeHead(200).end("<html>"),
    { why: "the answer is not one of the collector" },
  ],
  ["another JSON", json(200, { ok: true }), { why: "the answer is not one of the collector" }],
  [
    "an error with 200",
    json(200, { text: "no", code: 8 }),
    { why: "the answer is not one of the collector" },
  ],
  ["the token, said back", json(403, { text: "hunter2 is no token", code: 4 }), { why: "HTTP 403, code 4" }],
  [
    "a part of the token, said back in both places",
    json(401, { text: "unter2 is no token", code: "unter2" }),
    { why: "HTTP 401" },
  ],
])("%s keeps everything", async (_, answer, expected) => {
  const { destination } = await sendTo(answer);
  expect(await destination.send(batch(0, 4), never)).toMatchObject({ kind: "failed", ...expected });
});

test("an event that is not taken for what it is is left out", async () => {
  const { destination } = await sendTo((post, response, n) =>
    (post.body.includes('"event":{"seq":1}')
      ? json(400, { text: "Invalid data format", code: 6, "invalid-event-number": 1 })
      : success)(post, response, n),
  );
  expect(await destination.send(batch(0, 4), never)).toEqual({
    kind: "delivered",
    delivered: 4,
    refused: { count: 1, why: "HTTP 400, code 6" },
  });
});

/** A collector that acknowledges what a test lets it. */
function acknowledging(indexed: Set<number>): Answer {
  let next = 0;
  return (post, response, n) => {
    if (!post.path.startsWith("/services/collector/ack")) {
      json(200, { text: "Success", code: 0, ackId: next })(post, response, n);
      next += 1;
      return;
    }
    const { acks } = JSON.parse(post.body) as { acks: number[] };
    json(200, { acks: Object.fromEntries(acks.map((id) => [id, indexed.has(id)])) })(post, response, n);
  };
}
const pending = { kind: "pending" };

test("with acknowledgements, records count as delivered once the indexers have all before them", async () => {
  const indexed = new Set<number>();
  const { at, destination, clock } = await sendTo(acknowledging(indexed), { acknowledge: true });
  expect(await destination.send(batch(0, 2), never)).toEqual(pending);
  expect(await destination.send(batch(2, 5), never)).toEqual(pending);
  expect(await destination.send(batch(5, 6), never)).toEqual(pending);
  expect(await destination.settle?.(never)).toEqual(pending);
  indexed.add(0).add(2);
  clock.advance(1000);
  expect(await destination.settle?.(never)).toEqual({ kind: "delivered", delivered: 2 });
  indexed.add(1);
  expect(await destination.settle?.(never)).toEqual(pending);
  clock.advance(1000);
  expect(await destination.settle?.(never)).toEqual({ kind: "delivered", delivered: 6 });
  const [first] = at.posts;
  const asked = at.posts.filter(({ path }) => path.startsWith("/services/collector/ack"));
  const channel = first?.headers["x-splunk-request-channel"];
  expect(channel).toMatch(/^[0-9a-f-]{36}$/);
  expect(asked.map(({ path }) => path)).toEqual(
    Array(3).fill(`/services/collector/ack?channel=${String(channel)}`),
  );
  expect(asked.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
    { acks: [0, 1, 2] },
    { acks: [0, 1, 2] },
    { acks: [1] },
  ]);
});

test("what the indexers never acknowledge is sent again after five minutes", async () => {
  const { destination, clock } = await sendTo(acknowledging(new Set()), { acknowledge: true });
  await destination.send(batch(0, 2), never);
  clock.advance(300_000);
  expect(await destination.settle?.(never)).toEqual(pending);
  clock.advance(1001);
  expect(await destination.settle?.(never)).toEqual({
    kind: "failed",
    why: "the indexers acknowledged nothing within 300 s",
  });
  clock.advance(1001);
  expect(await destination.settle?.(never)).toEqual(pending);
});

test("so much is on its way and no more", async () => {
  const indexed = new Set<number>();
  const { at, destination, clock } = await sendTo(acknowledging(indexed), { acknowledge: true });
  for (let seq = 0; seq < 64; seq += 1) await destination.send(batch(seq, seq + 1), never);
  expect(await destination.send(batch(64, 65), never)).toEqual({ kind: "full" });
  expect(at.posts).toHaveLength(64);
  indexed.add(0);
  clock.advance(1000);
  expect(await destination.settle?.(never)).toEqual({ kind: "delivered", delivered: 1 });
  expect(await destination.send(batch(64, 65), never)).toEqual(pending);
});

test.each<[string, Answer]>([
  ["no number of an acknowledgement", success],
  ["garbage for one", json(200, { text: "Success", code: 0, ackId: "soon" })],
])("%s is a failure where acknowledgements are wanted", async (_, answer) => {
  const { destination } = await sendTo(answer, { acknowledge: true });
  expect(await destination.send(batch(0, 1), never)).toEqual({
    kind: "failed",
    why: "the collector gives no acknowledgement: is it switched on for this token?",
  });
});

test("what is no acknowledgement acknowledges nothing", async () => {
  for (const said of [
    json(200, {}),
    json(200, { acks: { 0: "true" } }),
    json(400, { text: "ACK is disabled", code: 14 }),
  ]) {
    const { destination, clock } = await sendTo(
      (post, response, n) =>
        (post.path.includes("/ack") ? said : json(200, { text: "Success", code: 0, ackId: 0 }))(
          post,
          response,
          n,
        ),
      { acknowledge: true },
    );
    await destination.send(batch(0, 1), never);
    clock.advance(1000);
    expect((await destination.settle?.(never))?.kind).not.toBe("delivered");
  }
});

test.each<[string, Answer]>([
  ["403", (_, response) => response.writeHead(403).end("<html>blocked</html>")],
  ["200", (_, response) => response.writeHead(200).end("<html>blocked</html>")],
])("a firewall that answers an agent's words with a page of %s stops nothing", async (_, blocked) => {
  const isBad = (body: string): boolean => /"event":{"seq":[12]}/.test(body);
  const { destination } = await sendTo((post, response, n) =>
    (isBad(post.body) ? blocked : success)(post, response, n),
  );
  expect(await destination.send(batch(0, 4), never)).toMatchObject({
    kind: "delivered",
    delivered: 4,
    refused: { count: 2 },
  });
});
