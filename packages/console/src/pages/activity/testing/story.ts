// The records of one request as the gateway writes them, for tests.
import type { AuditRecord } from "@mayfly/sdk/browser";

/** One record; members that matter to the test are given. */
export function record(seq: number, type: string, detail: object = {}, more: object = {}): AuditRecord {
  return {
    seq,
    time: new Date(Date.UTC(2026, 0, 1, 12, 0, seq)).toISOString(),
    type,
    detail,
    ...more,
  } as AuditRecord;
}

const agent = {
  kind: "agent",
  issuer: "https://okta.example",
  subject: "0oa1",
  name: "support-bot",
  person: "olga@example.com",
};
const reviewer = {
  kind: "person",
  issuer: "https://okta.example",
  subject: "rita@example.com",
  name: "Rita",
};
const system = { kind: "system", issuer: "mayfly", subject: "mayfly", name: "mayfly" };
const about = {
  principal: agent,
  request: "rq_1",
  connection: "orders-db",
  operations: ["refund-order"],
  policy: "a refund needs a person",
  configuration: "sha256:00",
};
const held = { ...about, grant: "gr_1" };
const inSession = { ...held, session: "ses_1" };

/** SHA-256 of `select 1`. */
export const selectOne = "822ae07d4783158bc1912bb623e5107cc9002d519e1143a9c200ed6ee18b6d0f";

/** From the ask to the end: approved by a person, one session, one act of each outcome, cut off by an operator. */
export const story: readonly AuditRecord[] = [
  record(
    1,
    "request.created",
    {
      reason: "TICKET-4711: refund order 5",
      ttl_ms: 300_000,
      approval: {
        by: ["support-leads"],
        count: 1,
        within: 1_800_000,
        refusals: 1,
        escalate: { after: 600_000, to: ["sre"] },
        fresh_sign_in: 600_000,
      },
      reasons: [],
    },
    about,
  ),
  record(
    2,
    "approval.given",
    { decision: "approve", comment: "checked", of: 1 },
    { ...about, principal: reviewer },
  ),
  record(3, "request.approved", { by: ["rita@example.com"] }, { ...about, principal: system }),
  record(4, "grant.activated", { ends_at: "2026-01-01T12:05:04.000Z", ttl_ms: 300_000, ttl: "5m" }, held),
  record(
    5,
    "session.opened",
    { address: "10.1.2.3", by: "grant-secret", protocol: "postgres", software: "psql" },
    inSession,
  ),
  record(
    6,
    "act.intent",
    { act: { kind: "query", sql: "select 1" }, decision: "permit", operation: "orders-db/refund-order" },
    inSession,
  ),
  record(7, "act.outcome", { intent: 6, rows: 1, bytes: 20, tag: "SELECT 1" }, inSession),
  record(
    8,
    "act.denied",
    {
      act: { kind: "query", sql: "drop table orders" },
      decision: "deny",
      message: "DROP TABLE is never granted",
      rule: "statement",
    },
    inSession,
  ),
  record(
    9,
    "act.intent",
    { act: { kind: "execute", sha256: selectOne, parameters: [5, "x"] }, decision: "permit" },
    inSession,
  ),
  record(10, "act.outcome", { intent: 9, error: "57P01", rows: 0 }, inSession),
  record(
    11,
    "act.intent",
    { act: { kind: "query", sql: "update orders set status = 'refunded' where id = 5" }, decision: "permit" },
    inSession,
  ),
  record(12, "grant.revoked", { by: "otto@example.com", reason: "wrong customer" }, held),
  record(
    13,
    "session.closed",
    { acts: 3, denied: 1, milliseconds: 4000, reason: "the grant was revoked" },
    inSession,
  ),
];
