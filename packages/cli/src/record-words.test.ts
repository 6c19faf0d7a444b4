import type { AuditRecord } from "@mayfly/sdk";
import { expect, test } from "vitest";
import { wordsOf } from "./record-words.ts";

const record = (type: string, detail: object): AuditRecord =>
  ({ type, detail, seq: 1, time: "2026-11-24T15:00:00.000Z" }) as unknown as AuditRecord;

test.each([
  ["act.intent", { act: { kind: "query", sql: "select 1" }, decision: "permit" }, "select 1"],
  [
    "act.intent",
    { act: { kind: "execute", sha256: "0123456789abcdef0123", parameters: [5, "x"] } },
    'statement 0123456789ab…, as above  with [5,"x"]',
  ],
  [
    "act.denied",
    { act: { sql: "drop table x" }, message: "DROP TABLE is never granted" },
    "drop table x  -- refused: DROP TABLE is never granted",
  ],
  ["act.outcome", { intent: 7, rows: 3, bytes: 1244, tag: "SELECT 3" }, "#7: SELECT 3, 3 rows, 1,244 bytes"],
  ["act.outcome", { intent: 7, error: "57P01", rows: 1, bytes: 1 }, "#7: error 57P01, 1 row, 1 byte"],
  [
    "act.outcome",
    { intent: 7, tag: "COPY 2", copied: { bytes: 15, sha256: "ab" } },
    "#7: COPY 2, 15 bytes received",
  ],
  ["request.created", { reason: "TICKET-1", ttl: "5m" }, '"TICKET-1", 5m'],
  [
    "sign_in.succeeded",
    { method: "oidc", address: "10.0.0.1", roles: ["reviewer"] },
    "by oidc from 10.0.0.1, as reviewer",
  ],
  [
    "sign_in.succeeded",
    { method: "saml", address: "10.0.0.1", roles: [] },
    "by saml from 10.0.0.1, without a role",
  ],
  [
    "sign_in.refused",
    { method: "oidc", address: "10.0.0.1", code: "expired", why: "used before" },
    "expired: used before (by oidc from 10.0.0.1)",
  ],
  ["sign_out", { method: "oidc", reason: "signed out everywhere" }, "signed out everywhere"],
  ["approval.given", { decision: "approve", comment: "checked" }, 'approve "checked"'],
  ["approval.given", { decision: "refuse", comment: "" }, "refuse"],
  [
    "approval.given",
    { decision: "approve", comment: "look only", allowed: { operations: ["read-orders"], ttl_ms: 180_000 } },
    'approve read-orders for 3m "look only"',
  ],
  [
    "approval.refused_to",
    { tried: "approve", why: "the agent is yours" },
    "tried to approve: the agent is yours",
  ],
  ["request.escalated", { to: ["sre", "oncall"], after_ms: 600_000 }, "to sre, oncall"],
  ["break_glass.activated", { reason: "INC-9: refunds twice", ttl: "5m" }, '"INC-9: refunds twice", 5m'],
  ["request.refused", { reason: "refused by lea: no ticket" }, "refused by lea: no ticket"],
  [
    "grant.activated",
    { ttl: "6s", ends_at: "2026-11-24T15:00:06.000Z" },
    "6s, until 2026-11-24T15:00:06.000Z",
  ],
  [
    "session.opened",
    { protocol: "postgres", software: "psql", address: "127.0.0.1", by: "grant-secret" },
    "postgres, psql, from 127.0.0.1, grant-secret",
  ],
  [
    "session.closed",
    { acts: 1, denied: 0, reason: "the client went away" },
    "1 act, 0 denied, the client went away",
  ],
  ["grant.expired", { reason: "grant gr_1 expired after 6s" }, "grant gr_1 expired after 6s"],
])("%s %j reads %j", (type, detail, words) => expect(wordsOf(record(type, detail))).toBe(words));

test.each([
  ["act.intent", { act: { kind: "function call", function: 5 } }],
  ["act.outcome", {}],
  ["act.denied", { message: "x" }],
  ["log.opened", { key: "k" }],
  ["grant.expired", {}],
  ["something.new", { reason: "x" }],
  ["act.intent", { payload: "sha256:abc", bytes: 20_000 }],
])("%s %j is shown as it is", (type, detail) => expect(wordsOf(record(type, detail))).toBeUndefined());
