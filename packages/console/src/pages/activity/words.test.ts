import { expect, test } from "vitest";
import { recordTypes } from "../../../../gateway/src/audit/records.ts";
import { actText, outcomeText } from "./act-words.ts";
import { sizeText } from "./read-detail.ts";
import { policyWordsOf } from "./policy-words.ts";
import { isRecordShaped } from "./record-shape.ts";
import { record, selectOne, story } from "./testing/story.ts";
import { withOutcome, wordsOf, type Words } from "./words.ts";

const sentence = ({ parts }: Words): string =>
  parts.map((part) => (typeof part === "string" ? part : part.said)).join("");

test("a request's story reads as sentences", () => {
  expect(story.map((one) => sentence(wordsOf(one)))).toEqual([
    "asked for refund-order on orders-db for 5 minutes",
    "approved refund-order on orders-db",
    "The request for refund-order on orders-db was approved",
    "got refund-order on orders-db for 5 minutes",
    "connected to orders-db with psql",
    "was permitted an act on orders-db",
    "finished act #6 on orders-db",
    "was denied an act on orders-db",
    "was permitted an act on orders-db",
    "finished act #9 on orders-db",
    "was permitted an act on orders-db",
    "was cut off from refund-order on orders-db by otto@example.com",
    "disconnected from orders-db",
  ]);
  expect(wordsOf(story[0]!)).toMatchObject({ quote: "TICKET-4711: refund order 5", standsAlone: false });
  expect(wordsOf(story[2]!).standsAlone).toBe(true);
  expect(wordsOf(story[4]!).notes).toEqual(["postgres, from 10.1.2.3, by the grant's secret"]);
  expect(wordsOf(story[7]!)).toMatchObject({
    code: "drop table orders",
    notes: ["DROP TABLE is never granted"],
    tone: "bad",
  });
  expect(wordsOf(story[12]!).notes).toEqual(["3 acts, 1 denied, the grant was revoked"]);
});

test("what goes on running at a target is said", () => {
  const detail = {
    acts: 1,
    denied: 0,
    reason: "the client went away",
    still_running: { acts: [6], process: 812 },
  };
  expect(wordsOf(record(13, "session.closed", detail))).toMatchObject({
    tone: "bad",
    notes: ["1 act, 0 denied, still running on the target in process 812, the client went away"],
  });
});

test("a probe's way through the log reads as sentences, and what stands open is said", () => {
  const told = { probe: "pr_1", connections: ["orders-db", "crm"], address: "10.0.0.9" };
  const found = { open: [{ connection: "orders-db", by: "address 10.0.0.7", to: "10.0.0.7:5432" }] };
  const open = { ...told, host: "support-1", verdict: "open", open: 1, credentials: 2, found };
  const lines = [
    wordsOf(record(1, "probe.offered", told)),
    wordsOf(record(2, "probe.started", told)),
    wordsOf(record(3, "probe.refused", { ...told, reason: "other_address" })),
    wordsOf(record(4, "path.probed", open)),
  ];
  expect(lines.map(sentence)).toEqual([
    "offered a probe of orders-db, crm",
    "was told the addresses of orders-db, crm",
    "sent a probe's token or report that was refused",
    "probed the ways around the gateway at support-1: open",
  ]);
  expect(lines[2]?.notes).toEqual(["other address, from 10.0.0.9"]);
  expect(lines[3]).toMatchObject({
    tone: "bad",
    notes: [
      "pr_1, from 10.0.0.9",
      "open: orders-db, address 10.0.0.7, 10.0.0.7:5432",
      "2 standing credentials",
    ],
  });
  const kept = { ...open, verdict: "undecided", open: 900, credentials: 0, found: { payload: "sha256:ab" } };
  expect(wordsOf(record(5, "path.probed", kept))).toMatchObject({
    tone: "warn",
    notes: ["pr_1, from 10.0.0.9", "900 ways open"],
  });
});

test("an act and its outcome read as one", () => {
  const words = withOutcome(story[5]!, story[6]!);
  expect(sentence(words)).toBe("acted on orders-db");
  expect(words).toMatchObject({ code: "select 1", notes: ["SELECT 1, 1 row, 20 bytes"] });
  const failed = withOutcome(story[8]!, story[9]!);
  expect(sentence(failed)).toBe("tried an act on orders-db");
  expect(failed).toMatchObject({ tone: "warn" });
});

test("every type of record has words of its own, whatever its detail", () => {
  const odd = {
    reason: 7,
    by: {},
    act: "x",
    operations: "y",
    reasons: [1],
    decision: null,
    ttl_ms: "soon",
    allowed: [],
  };
  for (const type of recordTypes)
    for (const detail of [{}, odd]) {
      const text = sentence(wordsOf(record(1, type, detail)));
      expect(text).not.toBe(type);
      expect(text).not.toMatch(/undefined|NaN|\[object/);
    }
  expect(sentence(wordsOf(record(1, "something.new")))).toBe("something.new");
});

test("break-glass is loud", () => {
  const words = wordsOf(
    record(
      1,
      "break_glass.activated",
      { reason: "site is down", ttl_ms: 600_000 },
      { connection: "db", operations: ["db/a", "db/b"] },
    ),
  );
  expect(sentence(words)).toBe("used emergency access to a, b on db for 10 minutes");
  expect(words).toMatchObject({ tone: "bad", quote: "site is down" });
});

test("a review of an emergency says what was found", () => {
  const context = { connection: "db", operations: ["db/a"] };
  const words = wordsOf(record(1, "break_glass.reviewed", { note: "only refunds" }, context));
  expect(sentence(words)).toBe("reviewed the emergency access to a on db");
  expect(words).toMatchObject({ quote: "only refunds" });
  const refused = wordsOf(
    record(1, "approval.refused_to", { tried: "review", why: "the agent is yours" }, context),
  );
  expect(sentence(refused)).toBe("tried to review the emergency access to a on db and was not allowed to");
});

test("a policy that asks nobody is said so, by whom the request was approved too", () => {
  const words = wordsOf(
    record(
      1,
      "request.approved",
      { by: "policy", reasons: ["policy x permits"] },
      { connection: "db", operations: ["a"] },
    ),
  );
  expect(sentence(words)).toBe("was approved automatically for a on db");
});

test("an approval that allowed less says what", () => {
  const words = wordsOf(
    record(1, "approval.given", {
      decision: "approve",
      comment: "",
      of: 2,
      allowed: { operations: ["db/a"], ttl_ms: 180_000 },
    }),
  );
  expect(words.notes).toEqual(["one of 2 approvals", "allowed less: db/a for 3 minutes"]);
  expect(words.quote).toBeUndefined();
});

test.each([
  [{ act: { sql: "select 1" } }, { code: "select 1", notes: [] }],
  [{ act: { sha256: selectOne } }, { code: undefined, notes: [`the statement with SHA-256 ${selectOne}`] }],
  [{ act: { sql: "x", parameters: [5, null] } }, { code: "x", notes: ["with [5,null]"] }],
  [
    { act: { payload: "sha256:ab", bytes: 20_000 } },
    { code: undefined, notes: ["kept beside the log as sha256:ab, 20.0 kB"] },
  ],
  [
    { payload: "sha256:ab", bytes: 1 },
    { code: undefined, notes: ["kept beside the log as sha256:ab, 1 byte"] },
  ],
  [{ act: { method: "GET", path: "/v1/x" } }, { code: "GET /v1/x", notes: [] }],
  [{ act: { method: "GET", path: "/v1/x", query: "page=2" } }, { code: "GET /v1/x?page=2", notes: [] }],
  [
    {
      act: {
        verb: "create",
        version: "v1",
        resource: "pods",
        subresource: "exec",
        namespace: "shop",
        name: "web-1",
        container: "app",
        argv: ["ls", "a b"],
      },
    },
    { code: 'kubectl exec web-1 -n shop -- ls "a b"', notes: [] },
  ],
  [
    { act: { verb: "watch", version: "v1", resource: "pods", namespace: "shop" } },
    { code: "kubectl get pods -n shop --watch", notes: [] },
  ],
  [
    {
      act: {
        verb: "get",
        version: "v1",
        resource: "pods",
        subresource: "log",
        namespace: "shop",
        name: "web-1",
      },
    },
    { code: "kubectl logs web-1 -n shop", notes: [] },
  ],
  [{ act: { verb: "get", discovery: "/version" } }, { code: "kubectl get --raw /version", notes: [] }],
  [
    { act: { method: "tools/call", tool: "get_customer", arguments: { id: 1 } } },
    { code: "get_customer(id: 1)", notes: [] },
  ],
  [{ act: { method: "resources/read", uri: "crm://a" } }, { code: "read crm://a", notes: [] }],
  [{ act: { method: "tools/list" } }, { code: "tools/list", notes: [] }],
  [{ act: { argv: ["cat", "/var/log/a b"] } }, { code: 'cat "/var/log/a b"', notes: [] }],
  [
    { act: { function: 5, kind: "function call" } },
    { code: '{"function":5,"kind":"function call"}', notes: [] },
  ],
  [{}, { code: undefined, notes: [] }],
])("the act %j reads %j", (detail, expected) => expect(actText(detail)).toEqual(expected));

test("a digest whose text is known reads as the text", () => {
  expect(
    actText({ act: { sha256: "ab", parameters: [1] } }, (digest) =>
      digest === "ab" ? "select $1" : undefined,
    ),
  ).toEqual({
    code: "select $1",
    notes: ["with [1]"],
  });
});

test.each([
  [{ tag: "SELECT 3", rows: 3, bytes: 1244 }, "SELECT 3, 3 rows, 1.2 kB"],
  [{ error: "57P01", rows: 1 }, "error 57P01, 1 row"],
  [{ tag: "COPY 2", copied: { bytes: 15 } }, "COPY 2, 15 bytes received"],
  [{ status: 200, bytes: 12, milliseconds: 1500 }, "status 200, 12 bytes, 1.5 s"],
  [{ status: 200, masked: ["/customer/email"] }, "status 200, masked /customer/email"],
  [{}, "done"],
])("the outcome %j reads %j", (detail, text) => expect(outcomeText(detail)).toBe(text));

test.each([
  [0, "0 bytes"],
  [999, "999 bytes"],
  [999_999, "1.0 MB"],
  [5e12, "5.0 TB"],
  [5e16, "50000.0 TB"],
])("%d bytes are %s", (bytes, text) => expect(sizeText(bytes)).toBe(text));

test("what the policy said to the ask is told by the record of the ask", () => {
  const words = policyWordsOf(story[0]!);
  expect(words.parts.map((part) => (typeof part === "string" ? part : part.said)).join("")).toBe(
    "The policy “a refund needs a person” asks for an approval by support-leads",
  );
  expect(words.notes).toEqual([
    "within 30 minutes",
    "after 10 minutes also by sre",
    "signed in within 10 minutes before",
  ]);
  expect(
    policyWordsOf(record(1, "request.created", { approval: { by: ["a", "b"], count: 2, refusals: 2 } })),
  ).toEqual({
    parts: ["The policy", " asks for 2 approvals by ", { said: "a or b" }],
    notes: ["2 refusals end it"],
  });
});

test("a decision that was not allowed says what was tried, and why not", () => {
  const words = wordsOf(record(1, "approval.refused_to", { tried: "refuse", why: "it is your own request" }));
  expect(sentence(words)).toBe("tried to refuse something and was not allowed to");
  expect(words.notes).toEqual(["it is your own request"]);
});

test("what reviewers allowed in the end is told", () => {
  const detail = { by: ["a", "b"], allowed: { operations: ["read"], ttl_ms: 60_000 } };
  expect(wordsOf(record(1, "request.approved", detail)).notes).toEqual([
    "by a, b",
    "allowed: read for 1 minute",
  ]);
});

test("a type named like a member of every object is no type", () => {
  for (const type of ["constructor", "toString", "__proto__"])
    expect(sentence(wordsOf(record(1, type)))).toBe(type);
});

test("records have the shape that is drawn, and other things have not", () => {
  expect(story.every(isRecordShaped)).toBe(true);
  const [whole] = story;
  for (const wrong of [
    null,
    [],
    "x",
    {},
    { ...whole, time: "never" },
    { ...whole, detail: [] },
    { ...whole, principal: {} },
    { ...whole, operations: [1] },
    { ...whole, connection: 7 },
  ])
    expect(isRecordShaped(wrong)).toBe(false);
});
