import { expect, test } from "vitest";
import type { AuditRecord, RecordType } from "../../audit/records.ts";
import { tracesRequest } from "../destinations/http/otlp-traces.ts";
import { readAsTraces } from "../testing/otlp-schema.ts";
import { actSpanId, spanIdOf, traceOf } from "./ids.ts";
import { bareSpans, traceSource } from "./source.ts";
import type { Span } from "./span.ts";

const asker = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };
const traceparent = `00-${asker.traceId}-${asker.spanId}-01`;
const log = { id: "log+1", name: "gateway.test" };
const exporter = { host: "mayfly.internal", log: log.name, version: "1.2.3" };
const holder = {
  kind: "agent",
  issuer: "https://idp.example",
  subject: "0oa1",
  name: "support-bot",
} as const;
const context = {
  principal: holder,
  request: "req_1",
  grant: "gr_1",
  session: "ses_1",
  connection: "orders-db",
  operations: ["read-orders"],
  policy: "support agents read orders",
};
const start = Date.UTC(2026, 0, 1, 12);
const timeOf = (seq: number): string => new Date(start + seq * 1000).toISOString();
const nano = (seq: number): string => `${start + seq * 1000}000000`;

type Line = readonly [RecordType, AuditRecord["detail"], Partial<AuditRecord>?];

/** A log in memory, a record a second; acts belong to the session that record 0 opens. */
function logOf(lines: readonly Line[], opening = 0) {
  const records = lines.map(([type, detail, more = {}], seq): AuditRecord => ({
    ...context,
    seq,
    time: timeOf(seq),
    type,
    detail,
    ...more,
  }));
  const looked: number[] = [];
  const reader = {
    readWithOpenings: (seq: number, limit: number) => {
      const some = records.slice(seq, seq + limit);
      const openings = new Map(
        some.filter(({ type }) => type.startsWith("act.")).map((one) => [one.seq, opening]),
      );
      return Promise.resolve({ records: some, next: seq + some.length, openings });
    },
    readEach: (seqs: readonly number[]) => {
      looked.push(...seqs);
      return Promise.resolve(records.filter(({ seq }) => seqs.includes(seq)));
    },
  };
  return { source: () => traceSource(reader, () => records.length, log), looked };
}

async function spansOf(lines: readonly Line[], from = 0, limit = 128): Promise<readonly Span[]> {
  const { records } = await logOf(lines).source().read(from, limit);
  const request = tracesRequest(records, exporter);
  if (request === undefined) return [];
  const sent = JSON.parse(request) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
  // What the published messages do not know is not there, and nothing is lost.
  expect(readAsTraces(sent)).toEqual(sent);
  return sent.resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
}

const attributesOf = ({ attributes }: Span): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0] as unknown]));

const opened: Line = ["session.opened", { protocol: "postgres" }];
const sql = "select * from orders where email = 'ada@example.com'";
const intent = (act: AuditRecord["detail"][string], operation = "orders-db/read-orders"): Line => [
  "act.intent",
  { act, decision: "permit", operation },
];

test("an act is a span from its intent to its outcome, under its session, without the statement's text", async () => {
  const lines: Line[] = [
    opened,
    intent({ kind: "query", sql }),
    ["act.outcome", { intent: 1, rows: 3, bytes: 56, tag: "SELECT 3" }],
  ];
  const [span, ...others] = await spansOf(lines);
  expect(others).toEqual([]);
  expect(span).toMatchObject({
    traceId: traceOf("req_1", undefined).traceId,
    spanId: actSpanId(log.id, 1),
    parentSpanId: spanIdOf("session", "ses_1"),
    flags: 0x101,
    name: "SELECT orders-db",
    kind: 3,
    startTimeUnixNano: nano(1),
    endTimeUnixNano: nano(2),
  });
  expect(span).not.toHaveProperty("status");
  expect(attributesOf(span as Span)).toMatchObject({
    "mayfly.record": "gateway.test:1",
    "mayfly.operation": "orders-db/read-orders",
    "user.id": "0oa1",
    "db.system.name": "postgresql",
    "db.operation.name": "SELECT",
    "db.response.returned_rows": "3",
    "peer.service": "orders-db",
  });
  expect(JSON.stringify(span)).not.toMatch(/ada@|where/);
});

test.each<[string, AuditRecord["detail"][string], AuditRecord["detail"], string, object, string | undefined]>(
  [
    [
      "a statement that failed",
      { kind: "query", sql: "delete from orders" },
      { error: "42501" },
      "DELETE orders-db",
      { "db.response.status_code": "42501", "error.type": "42501" },
      "42501",
    ],
    [
      "a first word that could be a value",
      { kind: "query", sql: "hunter2" },
      {},
      "statement orders-db",
      { "db.system.name": "postgresql" },
      undefined,
    ],
    [
      "a request over HTTP",
      { method: "GET", path: "/v1/invoices/7", query: "key=hunter2" },
      { status: 200 },
      "GET orders-db",
      { "http.request.method": "GET", "http.response.status_code": "200" },
      undefined,
    ],
    [
      "a request that was not found",
      { method: "GET", path: "/v1/invoices/7" },
      { status: 404 },
      "GET orders-db",
      { "http.response.status_code": "404", "error.type": "404" },
      "404",
    ],
    [
      "a method that nobody knows",
      { method: "HUNTER", path: "/" },
      { error: "ECONNRESET" },
      "HTTP orders-db",
      {
        "http.request.method": "_OTHER",
        "http.request.method_original": "HUNTER",
        "error.type": "ECONNRESET",
      },
      "ECONNRESET",
    ],
    [
      "a list of pods",
      { verb: "list", resource: "pods", version: "v1", namespace: "shop" },
      { status: 200 },
      "list orders-db",
      { "k8s.namespace.name": "shop", "mayfly.kubernetes.verb": "list", "http.response.status_code": "200" },
      undefined,
    ],
    [
      "a command in a pod",
      { verb: "connect", resource: "pods", subresource: "exec", name: "shop-1", argv: ["cat", "hunter2"] },
      { status: 2 },
      "exec orders-db",
      { "k8s.pod.name": "shop-1", "process.exit.code": "2", "error.type": "exit_2" },
      "exit_2",
    ],
    [
      "a call of a tool",
      { method: "tools/call", tool: "search", arguments: { q: "hunter2" } },
      { error: "rpc_-32602" },
      "tools/call orders-db",
      {
        "mcp.method.name": "tools/call",
        "gen_ai.tool.name": "search",
        "gen_ai.operation.name": "execute_tool",
      },
      "rpc_-32602",
    ],
  ],
)("%s", async (_, act, outcome, name, attributes, error) => {
  const [span] = await spansOf([opened, intent(act), ["act.outcome", { intent: 1, ...outcome }]]);
  expect(span?.name).toBe(name);
  expect(attributesOf(span as Span)).toMatchObject(attributes);
  expect(span?.status).toEqual(error === undefined ? undefined : { code: 2 });
  expect(JSON.stringify(span)).not.toMatch(/hunter2/);
});

test("after a restart in between, the same records give the same spans: intent and opening are read again", async () => {
  const lines: Line[] = [
    ["session.opened", { protocol: "postgres", traceparent }],
    intent({ kind: "query", sql }),
    ["act.outcome", { intent: 1, tag: "SELECT 3" }],
  ];
  const whole = await spansOf(lines);
  const { source, looked } = logOf(lines);
  const { records } = await source().read(2, 128);
  expect(new Set(looked)).toEqual(new Set([0, 1]));
  expect(JSON.parse(records[0]?.text ?? "")).toEqual(whole[0]);
  expect(whole[0]?.traceId).toBe(asker.traceId);
});

test("what was read is not read again", async () => {
  const { source, looked } = logOf([opened, intent({ sql }), ["act.outcome", { intent: 1 }]]);
  const one = source();
  for (const seq of [0, 1, 2]) await one.read(seq, 1);
  expect(looked).toEqual([]);
});

test("an act whose intent is in the archive is a moment", async () => {
  const lines: Line[] = [opened, ["log.closed", {}], ["act.outcome", { intent: 99, tag: "SELECT 3" }]];
  const [span] = await spansOf(lines);
  expect(span).toMatchObject({
    spanId: actSpanId(log.id, 99),
    startTimeUnixNano: nano(2),
    endTimeUnixNano: nano(2),
  });
});

test("a denied act is a moment that failed, and says which rule", async () => {
  const denied: Line = [
    "act.denied",
    { act: { sql: "drop table orders" }, decision: "deny", rule: "statements", message: "orders" },
  ];
  const [span] = await spansOf([opened, denied]);
  expect(span).toMatchObject({ name: "DROP orders-db", status: { code: 2 }, startTimeUnixNano: nano(1) });
  expect(attributesOf(span as Span)).toMatchObject({ "mayfly.rule": "statements", "error.type": "denied" });
});

test("acts of a killed gateway are told as unknown, once the next run has closed their session", async () => {
  const closed: Line = ["session.closed", { acts: 1, unknown: 1, unknown_acts: [1], milliseconds: 1000 }];
  const spans = await spansOf([opened, intent({ sql }), closed]);
  expect(spans).toMatchObject([
    {
      spanId: actSpanId(log.id, 1),
      startTimeUnixNano: nano(1),
      endTimeUnixNano: nano(2),
      status: { code: 2 },
    },
    {
      spanId: spanIdOf("session", "ses_1"),
      parentSpanId: spanIdOf("grant", "gr_1"),
      startTimeUnixNano: nano(1),
      endTimeUnixNano: nano(2),
    },
  ]);
  expect(attributesOf(spans[0] as Span)).toMatchObject({ "error.type": "outcome_unknown" });
});

test.each([
  ["of the request's own trace", traceparent, [{ ...asker, flags: 0x301 }]],
  [
    "of the grant, which Mayfly itself made,",
    `00-${asker.traceId}-${spanIdOf("grant", "gr_1")}-01`,
    [{ traceId: asker.traceId, spanId: spanIdOf("grant", "gr_1"), flags: 0x301 }],
  ],
  [
    "of another trace",
    `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
    [{ traceId: "a".repeat(32), spanId: "b".repeat(16), flags: 0x301 }],
  ],
  ["that is none", "00-nonsense", undefined],
])(
  "an act stays below its session, and a span %s that an agent sent with it is a link",
  async (_, sent, links) => {
    const act = { method: "GET", path: "/", traceparent: sent };
    const open: Line = ["session.opened", { traceparent }];
    const lines: readonly Line[][] = [
      [open, intent(act), ["act.outcome", { intent: 1, status: 200 }]],
      [open, ["act.denied", { act, decision: "deny", rule: "requests" }]],
      [open, intent(act), ["session.closed", { unknown_acts: [1], traceparent }]],
    ];
    for (const each of lines) {
      const [span] = await spansOf(each);
      expect(span).toMatchObject({
        traceId: asker.traceId,
        parentSpanId: spanIdOf("session", "ses_1"),
        flags: 0x101,
      });
      expect(span?.links).toEqual(links);
    }
  },
);

const chosen = `evil${"x".repeat(252)}`;
test.each<[string, AuditRecord["detail"][string], string]>([
  ["a tool", { method: "tools/call", tool: chosen }, "tools/call orders-db"],
  ["a prompt", { method: "prompts/get", prompt: chosen }, "prompts/get orders-db"],
  ["a message", { method: chosen }, "message orders-db"],
  ["a method", { method: chosen, path: "/" }, "HTTP orders-db"],
  ["a resource", { verb: "get", resource: chosen, subresource: chosen }, "get orders-db"],
  ["a verb", { verb: chosen, resource: "pods" }, "request orders-db"],
  ["a statement", { kind: "query", sql: chosen }, "statement orders-db"],
])("%s that was denied does not name its span", async (_, act, name) => {
  const [span] = await spansOf([opened, ["act.denied", { act, decision: "deny", rule: "names" }]]);
  expect(span?.name).toBe(name);
});

const asked_at = timeOf(0);
test.each<[string, Line, readonly object[]]>([
  [
    "a request is decided",
    ["request.created", { approval: {}, traceparent }],
    [
      {
        name: "policy decision",
        parentSpanId: spanIdOf("request", "req_1"),
        spanId: spanIdOf("decision", "req_1"),
      },
    ],
  ],
  [
    "a denial ends the request",
    ["request.denied", { traceparent }],
    [
      { name: "policy decision", status: { code: 2 } },
      { name: "access request", parentSpanId: asker.spanId, flags: 0x301, kind: 2, status: { code: 2 } },
    ],
  ],
  ["a policy's approval is the decision", ["request.approved", { by: "policy", traceparent }], []],
  [
    "people's approval ends the wait",
    ["request.approved", { by: ["rosa"], asked_at, traceparent }],
    [
      {
        name: "approval",
        startTimeUnixNano: nano(0),
        endTimeUnixNano: nano(1),
        parentSpanId: spanIdOf("request", "req_1"),
      },
    ],
  ],
  ...(["refused", "timed_out"] as const).map((as): [string, Line, readonly object[]] => [
    `a request that is ${as}`,
    [`request.${as}`, { asked_at, traceparent }],
    [
      { name: "approval", startTimeUnixNano: nano(0), status: { code: 2 } },
      { name: "access request", startTimeUnixNano: nano(0), endTimeUnixNano: nano(1), status: { code: 2 } },
    ],
  ]),
  [
    "a request that never came to be",
    ["request.withdrawn", { stored: false, traceparent }],
    [{ name: "access request", status: { code: 2 } }],
  ],
  [
    "the end of a grant ends the request",
    ["grant.released", { asked_at, activated_at: timeOf(0), ended_at: timeOf(1), traceparent }],
    [
      {
        name: "grant",
        spanId: spanIdOf("grant", "gr_1"),
        parentSpanId: spanIdOf("request", "req_1"),
        startTimeUnixNano: nano(0),
      },
      {
        name: "access request",
        spanId: spanIdOf("request", "req_1"),
        startTimeUnixNano: nano(0),
        endTimeUnixNano: nano(1),
      },
    ],
  ],
  [
    "a grant that could never be used",
    ["grant.revoked", { was_active: false, traceparent }],
    [{ name: "access request", status: { code: 2 } }],
  ],
  ["other records", ["grant.collected", { traceparent }], []],
  ["records of no request", ["configuration.loaded", {}, { request: undefined }] as unknown as Line, []],
])("%s", async (_, line, expected) => {
  const spans = await spansOf([opened, line], 1);
  expect(spans).toMatchObject(expected);
  expect(spans.every(({ traceId }) => traceId === asker.traceId)).toBe(true);
});

test("a request without a span of the asker's begins a trace of its own", async () => {
  const [, root] = await spansOf([opened, ["request.denied", {}]], 1);
  expect(root).toMatchObject({ traceId: traceOf("req_1", undefined).traceId, flags: 0x101 });
  expect(root).not.toHaveProperty("parentSpanId");
});

test("long texts are cut, between characters", async () => {
  const tool = `${"x".repeat(255)}\u{1F600}y`;
  const [span] = await spansOf([
    opened,
    intent({ method: "tools/call", tool }),
    ["act.outcome", { intent: 1 }],
  ]);
  expect(attributesOf(span as Span)["gen_ai.tool.name"]).toBe(`${"x".repeat(255)}\u{FFFD}`);
});

test("a batch is bounded by its length and by what has to be read for it, and goes on where it stopped", async () => {
  const acts = Array.from({ length: 2000 }, (): Line[] => [
    intent({ method: "tools/call", tool: "x".repeat(256) }),
    ["act.outcome", { intent: 0 }],
  ]).flat();
  const lines = [opened, ...acts].map(([type, detail], seq): Line => [
    type,
    type === "act.outcome" ? { ...detail, intent: seq - 1 } : detail,
  ]);
  const { source } = logOf(lines);
  const one = source();
  const ids = new Set<string>();
  let reads = 0;
  for (let seq = 0; seq < lines.length; reads += 1) {
    const { records, next } = await one.read(seq, lines.length);
    expect(records.map((record) => record.seq)).toEqual(records.map((_, at) => seq + at));
    expect(next).toBe(seq + records.length);
    for (const { text } of records)
      for (const { spanId } of JSON.parse(`[${text}]`) as Span[]) ids.add(spanId);
    seq = next;
  }
  expect(ids.size).toBe(2000);
  expect(reads).toBeGreaterThan(5);
});

test("in the place of a span that a receiver refuses stands one with nothing of the agent's", async () => {
  const lines: Line[] = [
    opened,
    intent({ method: "tools/call", tool: "evil" }),
    ["act.outcome", { intent: 1 }],
  ];
  const { records } = await logOf(lines).source().read(0, 128);
  const [record] = records.slice(2);
  const bare = JSON.parse(`[${bareSpans(record as (typeof records)[number]).text}]`) as Span[];
  expect(bare).toMatchObject([
    { spanId: actSpanId(log.id, 1), parentSpanId: spanIdOf("session", "ses_1"), endTimeUnixNano: nano(2) },
  ]);
  expect(JSON.stringify(bare)).not.toMatch(/evil|0oa1/);
});

test("records without spans ask for no request", () => {
  expect(tracesRequest([{ seq: 0, at: 0, type: "log.opened", text: "" }], exporter)).toBeUndefined();
});
