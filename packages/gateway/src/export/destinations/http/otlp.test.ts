import { randomBytes } from "node:crypto";
import { createServer as createPlain, type AddressInfo, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { fakeClock, type FakeClock } from "@mayfly/testing/fake-clock.ts";
import type { OtlpTarget } from "../../../kernel/export-settings.ts";
import { Secret } from "../../../kernel/secret.ts";
import { until } from "../../../notifications/testing/harness.ts";
import { makeCertificate, type TestCertificate } from "../../../protocols/postgres/testing/wire.ts";
import type { Destination } from "../../destination.ts";
import { httpReceiver, json, type Answer, type HttpReceiver } from "../../testing/http-receiver.ts";
import { readAsOtlp } from "../../testing/otlp-schema.ts";
import { range, recordsOf, turns } from "../../testing/stream.ts";
import { bareRecord, mayflyFormat } from "../../outgoing.ts";
import type { Bare } from "./split.ts";
import { logsSignal, otlpDestination, otlpRequest } from "./otlp.ts";

const exporter = { host: "mayfly.internal", log: "gateway.test", version: "1.2.3" };
const bare: Bare = (record) => bareRecord(record, mayflyFormat);
const never = new AbortController().signal;
const batch = (from: number, to: number) => ({ records: recordsOf(range(from, to)), next: to });

let certificate: TestCertificate;
beforeAll(async () => {
  certificate = await makeCertificate(["localhost"]);
});
afterAll(() => certificate.remove());
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const step of undo.splice(0).toReversed()) await step();
});

async function sendTo(
  answer: Answer,
  more: Partial<OtlpTarget> = {},
): Promise<{ at: HttpReceiver; destination: Destination; clock: FakeClock }> {
  const at = await httpReceiver(answer);
  undo.push(() => at.close());
  const clock = fakeClock();
  const target: OtlpTarget = {
    kind: "otlp",
    signal: "logs",
    url: `${at.url}/v1/logs`,
    headers: new Map(),
    ...more,
  };
  const destination = otlpDestination(target, exporter, logsSignal, bare, clock);
  undo.push(() => destination.close());
  return { at, destination, clock };
}

test("a request is what the published messages say, to the last member", () => {
  const records = [
    { seq: 7, at: 1767268800123, type: "act.intent", text: '{"a":"größer"}' },
    { seq: 8, at: 1767268800124, type: "lockdown.started", text: "{}" },
  ];
  const sent = otlpRequest(records, exporter);
  expect(readAsOtlp(sent)).toEqual(sent);
  expect(sent).toMatchObject({
    resourceLogs: [
      {
        scopeLogs: [
          {
            logRecords: [
              {
                timeUnixNano: "1767268800123000000",
                severityNumber: 9,
                severityText: "INFO",
                eventName: "mayfly.act.intent",
                body: { stringValue: '{"a":"größer"}' },
                attributes: [
                  { key: "log.record.uid", value: { stringValue: "gateway.test:7" } },
                  { key: "mayfly.seq", value: { intValue: "7" } },
                ],
              },
              { severityNumber: 19 },
            ],
          },
        ],
      },
    ],
  });
});

test("records are posted, compressed, with the headers of the configuration", async () => {
  const headers = new Map([["authorization", new Secret("Bearer hunter2")]]);
  const { at, destination } = await sendTo(json(200, {}), { headers });
  expect(await destination.send(batch(0, 3), never)).toEqual({ kind: "delivered", delivered: 3 });
  const [post] = at.posts;
  expect(post).toMatchObject({
    path: "/v1/logs",
    headers: {
      authorization: "Bearer hunter2",
      "content-type": "application/json",
      "content-encoding": "gzip",
    },
  });
  expect(JSON.parse(post?.body ?? "")).toEqual(otlpRequest(recordsOf(range(0, 3)), exporter));
});

test.each<[string, Answer]>([
  ["an answer without a body", (_, response) => response.writeHead(200).end()],
  ["an empty object", json(202, {})],
  ["an empty partial success", json(200, { partialSuccess: { rejectedLogRecords: "0" } })],
  ["none", json(200, { partialSuccess: null }, { "content-type": "application/json; charset=utf-8" })],
  ["a warning alone", json(200, { partialSuccess: { errorMessage: "slow down" } })],
])("%s has taken everything", async (_, answer) => {
  const { destination } = await sendTo(answer);
  expect(await destination.send(batch(0, 2), never)).toEqual({ kind: "delivered", delivered: 2 });
});

test.each([3, "900000000000000", 9e15])(
  "a partial success rejects no more than was sent (%j)",
  async (rejectedLogRecords) => {
    const { destination } = await sendTo(json(200, { partialSuccess: { rejectedLogRecords } }));
    expect(await destination.send(batch(0, 2), never)).toMatchObject({
      kind: "delivered",
      refused: { count: 2 },
    });
  },
);

test.each([1, "1"])(
  "what a partial success rejects (%j) is counted and not sent again",
  async (rejectedLogRecords) => {
    const { at, destination } = await sendTo(
      json(200, { partialSuccess: { rejectedLogRecords, errorMessage: "too\nold" } }),
    );
    expect(await destination.send(batch(0, 2), never)).toEqual({
      kind: "delivered",
      delivered: 2,
      refused: { count: 1, why: "the collector rejected them" },
    });
    expect(at.posts).toHaveLength(1);
  },
);

test.each<[string, Answer, object]>([
  ["429", json(429, {}, { "retry-after": "7" }), { why: "HTTP 429", retryAfter: 7000 }],
  [
    "503 until a date",
    json(503, {}, { "retry-after": "Thu, 01 Jan 2026 12:01:00 GMT" }),
    { retryAfter: 60_000 },
  ],
  ["502", json(502, { message: "no\u0000body" }), { why: "HTTP 502" }],
  ["401", json(401, { message: "who are you" }), { why: "HTTP 401" }],
  ["404", json(404, {}), { why: "HTTP 404" }],
  ["a redirect", json(307, {}, { location: "http://127.0.0.1:9/" }), { why: "HTTP 307" }],
  [
    "a page",
    (_, response) => response.writeHead(200).end("<html>sign in</html>"),
    { why: "the answer is not one of OTLP" },
  ],
  ...[
    { error: "unauthorized" },
    { partialSuccess: null, more: 1 },
    { partialSuccess: [] },
    { partialSuccess: "yes" },
    { partialSuccess: { rejectedLogRecords: -1 } },
    { partialSuccess: { rejectedLogRecords: "some" } },
  ].map((said): [string, Answer, object] => [
    `200 and ${JSON.stringify(said)}`,
    json(200, said),
    { why: "the answer is not one of OTLP" },
  ]),
  [
    "JSON that is called a page",
    json(200, {}, { "content-type": "text/html" }),
    { why: "the answer is not one of OTLP" },
  ],
  ["a list", json(200, []), { why: "the answer is not one of OTLP" }],
  ["400 to everything", json(400, {}), { why: "HTTP 400" }],
])("%s keeps everything", async (_, answer, expected) => {
  const { destination } = await sendTo(answer);
  expect(await destination.send(batch(0, 2), never)).toMatchObject({ kind: "failed", ...expected });
});

test("a record that the receiver never takes comes without its content, and the others as they are", async () => {
  const isUnfit = (body: string): boolean => body.includes(String.raw`{\"seq\":2}`);
  const { at, destination } = await sendTo((post, response, n) =>
    json(isUnfit(post.body) ? 400 : 200, {})(post, response, n),
  );
  expect(await destination.send(batch(0, 5), never)).toEqual({
    kind: "delivered",
    delivered: 5,
    refused: { count: 1, why: "HTTP 400" },
  });
  const taken = at.posts.filter(({ body }) => !isUnfit(body)).map(({ body }) => body);
  expect(taken.join("").match(/gateway\.test:\d+/g)).toEqual(range(0, 5).map((seq) => `gateway.test:${seq}`));
  expect(taken.filter((body) => body.includes("refused the record"))).toHaveLength(1);
});

test("a batch that is too large goes in parts", async () => {
  const { destination } = await sendTo((post, response, n) =>
    json((post.body.match(/log\.record\.uid/g) ?? []).length > 2 ? 413 : 200, {})(post, response, n),
  );
  expect(await destination.send(batch(0, 9), never)).toEqual({ kind: "delivered", delivered: 9 });
});

test("a secret that a receiver says back, or a part of it, is in no message", async () => {
  const headers = new Map([["authorization", new Secret("Bearer hunter2")]]);
  for (const answer of [
    json(401, { message: "what is Bearer hunter2?" }),
    json(401, { message: "unknown token hunter2" }),
    json(400, { message: "unknown token hunter2" }),
    json(200, { partialSuccess: { rejectedLogRecords: 1, errorMessage: "not for hunter2" } }),
  ]) {
    const { destination } = await sendTo(answer, { headers });
    expect(JSON.stringify(await destination.send(batch(0, 2), never))).not.toContain("hunter2");
  }
});

test("an answer without end is cut by its length", async () => {
  let isCut = false;
  const { destination } = await sendTo((_, response) => {
    response.on("close", () => {
      isCut = true;
    });
    response.writeHead(200);
    const write = (): void => {
      if (!response.destroyed) response.write("x".repeat(8192), () => setImmediate(write));
    };
    write();
  });
  expect(await destination.send(batch(0, 1), never)).toEqual({
    kind: "failed",
    why: "answered 200 with more than 65536 bytes",
  });
  await until(() => isCut);
});

test.each<[string, Answer]>([
  ["trickles", (_, response) => void response.writeHead(200).write("{")],
  ["never comes", () => undefined],
])("an answer that %s is given up when its time is over", async (_, answer) => {
  const { at, destination, clock } = await sendTo(answer);
  const sent = destination.send(batch(0, 1), never);
  await until(() => at.posts.length === 1);
  await turns();
  clock.advance(30_000);
  expect(await sent).toEqual({ kind: "failed", why: "no whole answer within 30 s" });
});

test.each([
  ["503", "HTTP 503"],
  ["200", "answered before it had everything"],
])(
  "an answer of %s before the end of the request has taken nothing, and holds up nothing",
  async (status, why) => {
    const sockets = new Set<Socket>();
    const server = createPlain((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      // The rest is never read.
      socket.once("data", () => {
        socket.pause();
        socket.write(`HTTP/1.1 ${status} early\r\ncontent-length: 0\r\n\r\n`);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    undo.push(() => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    });
    const { port } = server.address() as AddressInfo;
    const target: OtlpTarget = {
      kind: "otlp",
      signal: "logs",
      url: `http://127.0.0.1:${port}/v1/logs`,
      headers: new Map(),
    };
    const destination = otlpDestination(target, exporter, logsSignal, bare, fakeClock());
    undo.push(() => destination.close());
    // Nothing compresses these, so that they fill every buffer on the way.
    const records = range(0, 16).map((seq) => ({
      seq,
      at: 0,
      type: "act.intent",
      text: randomBytes(750_000).toString("base64"),
    }));
    for (let times = 1; times <= 2; times += 1) {
      expect(await destination.send({ records, next: 16 }, never)).toMatchObject({ kind: "failed", why });
      expect(sockets.size).toBe(times);
    }
  },
);

test("garbage, nobody, and a stop are failures", async () => {
  const { destination } = await sendTo((_, response) => response.socket?.end("garbage\r\n\r\n"));
  expect(await destination.send(batch(0, 1), never)).toMatchObject({ kind: "failed", why: /Parse Error/ });
  const nobody = await sendTo(json(200, {}), { url: "http://127.0.0.1:1/v1/logs" });
  expect(await nobody.destination.send(batch(0, 1), never)).toMatchObject({
    kind: "failed",
    why: /ECONNREFUSED/,
  });
  const stopping = new AbortController();
  const silent = await sendTo(() => stopping.abort());
  expect(await silent.destination.send(batch(0, 1), stopping.signal)).toEqual({
    kind: "failed",
    why: "the gateway stops",
  });
});

test.each([undefined, "0"])(
  "over TLS the receiver's certificate is verified (NODE_TLS_REJECT_UNAUTHORIZED: %s)",
  async (variable) => {
    if (variable !== undefined) vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", variable);
    const at = await httpReceiver(json(200, {}), certificate);
    undo.push(() => at.close());
    const send = async (url: string, ca?: string): Promise<unknown> => {
      const target: OtlpTarget = {
        kind: "otlp",
        signal: "logs",
        url,
        headers: new Map(),
        ...(ca === undefined ? {} : { ca }),
      };
      const destination = otlpDestination(target, exporter, logsSignal, bare, fakeClock());
      undo.push(() => destination.close());
      return destination.send(batch(0, 1), never);
    };
    expect(await send(at.url)).toMatchObject({ kind: "failed", why: /certificate/ });
    const byAddress = at.url.replace("localhost", "127.0.0.1");
    expect(await send(byAddress, certificate.authority)).toMatchObject({ kind: "failed", why: /altnames/ });
    expect(at.posts).toHaveLength(0);
    expect(await send(at.url, certificate.authority)).toEqual({ kind: "delivered", delivered: 1 });
  },
);

test.each<[string, Answer]>([
  ["403", (_, response) => response.writeHead(403).end("<html>blocked</html>")],
  ["200", (_, response) => response.writeHead(200).end("<html>blocked</html>")],
])("a firewall that answers an agent's words with a page of %s stops nothing", async (_, blocked) => {
  const isBad = (body: string): boolean => /\{\\"seq\\":[12]\}/.test(body);
  const { destination } = await sendTo((post, response, n) =>
    (isBad(post.body) ? blocked : json(200, {}))(post, response, n),
  );
  expect(await destination.send(batch(0, 4), never)).toMatchObject({
    kind: "delivered",
    delivered: 4,
    refused: { count: 2 },
  });
});
