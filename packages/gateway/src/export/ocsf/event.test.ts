import { describe, expect, test } from "vitest";
import { recordTypes, type AuditRecord, type RecordType } from "../../audit/records.ts";
import { ocsfProblems } from "../testing/ocsf-schema.ts";
import { ocsfEvent } from "./event.ts";

const exporter = { host: "mayfly.internal", log: "gateway.test", version: "1.2.3" };
const agent = {
  kind: "agent",
  issuer: "https://example.okta.com/oauth2/aus1",
  subject: "0oa1",
  name: "support-bot",
  person: "ada@example.com",
} as const;
const context = {
  principal: agent,
  request: "req_1",
  grant: "gr_1",
  session: "ses_1",
  connection: "orders-db",
  operations: ["read-orders"],
  policy: "support agents read orders",
  configuration: "sha256:00",
};
const record = (type: RecordType, more: Partial<AuditRecord> = {}): AuditRecord => ({
  seq: 7,
  time: "2026-01-01T12:00:00.000Z",
  type,
  detail: {},
  ...more,
});
const eventOf = (type: RecordType, more?: Partial<AuditRecord>) => ocsfEvent(record(type, more), exporter);

describe("every type of record is an event of the published schema", () => {
  test.each(recordTypes)("%s", (type) => {
    const details: readonly AuditRecord["detail"][] = [
      {},
      {
        address: "10.2.0.7",
        protocol: "postgres",
        reason: "why",
        message: "words",
        rule: "orders-db: tables",
      },
      { act: { kind: "query", sql: "select 1" }, intent: 5, tag: "SELECT 1", error: "42P01" },
      { act: { method: "GET", path: "/v1/invoices/7", query: "a=1" }, intent: 5, error: null },
      { act: { verb: "list", resource: "pods" }, approval: "apr_1", hold: "hold_1", file: "records/0.jsonl" },
      { act: { method: "tools/call", tool: "search" }, client_address: "not an address" },
    ];
    for (const detail of details)
      for (const around of [context, {}]) {
        const event = eventOf(type, { ...around, detail });
        expect(ocsfProblems(event), JSON.stringify(event)).toEqual([]);
      }
  });
});

test("the validator finds what is wrong", () => {
  const good = eventOf("act.intent", { ...context, detail: { act: { sql: "select 1" } } });
  const { actor: _, ...missing } = good;
  expect(ocsfProblems(missing)).toEqual(["actor is missing"]);
  expect(ocsfProblems({ ...good, color: "red" })).toEqual(["color is not known"]);
  expect(ocsfProblems({ ...good, severity_id: 42 })).toEqual(["severity_id is none of 0,1,2,3,4,5,6,99"]);
  expect(ocsfProblems({ ...good, time: "now" })).toEqual(["time is no timestamp_t"]);
  expect(ocsfProblems({ ...good, src_endpoint: { ip: "here" } })).toEqual(["src_endpoint.ip is no ip_t"]);
  expect(ocsfProblems({ ...good, src_endpoint: {} })).toHaveLength(1);
  expect(ocsfProblems({ ...good, type_uid: 1 })).toEqual(["type_uid does not follow"]);
  expect(ocsfProblems({ ...good, class_uid: 1 })).toEqual(["there is no class 1"]);
});

test("a statement is Datastore Activity, with its text, database and session", () => {
  expect(
    eventOf("act.intent", {
      ...context,
      detail: { act: { kind: "query", sql: "select status from orders" }, decision: "permit" },
    }),
  ).toMatchObject({
    class_uid: 6005,
    type_uid: 600504,
    activity_name: "Query",
    status: "Permitted",
    time: 1767268800000,
    actor: {
      user: { uid: "0oa1", name: "support-bot", type: "agent", type_id: 99 },
      session: { uid: "ses_1" },
      authorizations: [{ policy: { name: "support agents read orders" } }],
    },
    database: { name: "orders-db", type_id: 1 },
    query_info: { query_string: "select status from orders" },
    metadata: {
      uid: "gateway.test:7",
      sequence: 7,
      event_code: "act.intent",
      correlation_uid: "gateway.test:7",
    },
    unmapped: { grant: "gr_1", request: "req_1", operations: ["read-orders"], principal: agent },
  });
});

test.each([
  ["update orders set a = 1", 2],
  ["  insert into orders", 5],
  ["DELETE from orders", 7],
  ["/* x */ select 1", 99],
  ["vacuum", 99],
])("the first word of %s tells the activity", (sql, activity_id) => {
  expect(eventOf("act.denied", { ...context, detail: { act: { sql } } })).toMatchObject({ activity_id });
});

test.each([
  [{ method: "POST", path: "/v1/refunds" }, 1, "POST /v1/refunds"],
  [{ verb: "watch", resource: "pods", subresource: "log" }, 2, "watch pods/log"],
  [{ verb: "connect", resource: "pods", subresource: "exec", argv: ["ls"] }, 99, "connect pods/exec"],
  [{ method: "tools/call", tool: "search" }, 99, "tools/call search"],
  [{ method: "tools/list" }, 99, "tools/list"],
])("%j is API Activity", (act, activity_id, operation) => {
  expect(eventOf("act.intent", { ...context, detail: { act } })).toMatchObject({
    class_uid: 6003,
    activity_id,
    api: { operation, service: { name: "orders-db" } },
  });
});

test("a denial failed by its rule; an outcome belongs to its intent", () => {
  expect(
    eventOf("act.denied", {
      ...context,
      detail: { act: { sql: "drop table x" }, rule: "orders-db: statements", message: "no" },
    }),
  ).toMatchObject({
    status_id: 2,
    status_code: "orders-db: statements",
    status_detail: "no",
    severity_id: 3,
  });
  expect(
    eventOf("act.outcome", { ...context, detail: { intent: 5, rows: 1, tag: "SELECT 1" } }),
  ).toMatchObject({
    class_uid: 6005,
    status_id: 1,
    metadata: { correlation_uid: "gateway.test:5" },
  });
  expect(eventOf("act.outcome", { ...context, detail: { intent: 5, error: "grant_ended" } })).toMatchObject({
    status_id: 2,
    status_detail: "grant_ended",
  });
});

test("a grant assigns privileges and its end revokes them", () => {
  expect(eventOf("grant.activated", context)).toMatchObject({
    class_uid: 3005,
    activity_id: 1,
    privileges: ["orders-db/read-orders"],
    user: { uid: "0oa1" },
  });
  expect(eventOf("grant.expired", context)).toMatchObject({ class_uid: 3005, activity_id: 2 });
});

test("nothing of a record is lost", () => {
  const whole = record("act.denied", { ...context, detail: { act: { sql: "select 1" }, rule: "r" } });
  const { unmapped, metadata } = ocsfEvent(whole, exporter) as {
    unmapped: object;
    metadata: { sequence: number; event_code: string };
  };
  expect({
    ...unmapped,
    session: "ses_1",
    seq: metadata.sequence,
    type: metadata.event_code,
    time: whole.time,
  }).toEqual(whole);
});

test("a type of a later version is an event as well", () => {
  const later = eventOf("some.thing" as RecordType, context);
  expect(later).toMatchObject({ class_uid: 3004, activity_id: 99, entity: { name: "some.thing" } });
  expect(ocsfProblems(later)).toEqual([]);
});
