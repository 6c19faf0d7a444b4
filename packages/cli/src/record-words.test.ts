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
    "probe.offered",
    { probe: "pr_1", connections: ["orders-db", "crm"], expires_at: "2026-11-24T15:15:00.000Z" },
    "pr_1, of orders-db, crm",
  ],
  [
    "probe.started",
    { probe: "pr_1", connections: ["orders-db"], address: "10.0.0.9" },
    "pr_1, told the addresses of orders-db, from 10.0.0.9",
  ],
  [
    "probe.refused",
    { code: "probe_report_refused", reason: "other_address", address: "10.0.0.9", probe: "pr_1" },
    "pr_1, other address, from 10.0.0.9",
  ],
  [
    "path.probed",
    {
      host: "support-1",
      address: "10.0.0.9",
      verdict: "open",
      connections: [{ connection: "orders-db", verdict: "open_with_credential" }],
      open: 1,
      credentials: 2,
      found: { open: [{ by: "address 10.0.0.7", to: "10.0.0.7:5432" }] },
    },
    "support-1 at 10.0.0.9; open; orders-db open with credential; 1 way OPEN: address 10.0.0.7: 10.0.0.7:5432; 2 standing credentials",
  ],
  [
    "path.probed",
    {
      host: "support-1",
      address: "10.0.0.9",
      verdict: "open",
      connections: [],
      open: 900,
      credentials: 0,
      found: { payload: "sha256:ab", bytes: 9000 },
    },
    "support-1 at 10.0.0.9; open; 900 ways OPEN: kept beside the log as sha256:ab, 9,000 bytes",
  ],
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
  [
    "session.closed",
    {
      acts: 1,
      denied: 0,
      reason: "the client went away",
      still_running: { acts: [4711], process: 812 },
    },
    "1 act, 0 denied, STILL RUNNING on the target in process 812, the client went away",
  ],
  [
    "signal.received",
    {
      channel: "event_hook",
      event: "workload_principal.deactivate",
      subject: { kind: "client", client: "wlp1" },
      effect: "end",
      grants: ["gr_1"],
      requests: [],
      sessions: ["bs_1"],
    },
    "workload_principal.deactivate of wlp1, by event hook, ends gr_1, bs_1",
  ],
  [
    "signal.received",
    { channel: "system_log", event: "user.lifecycle.suspend", subject: { uid: "00u1" }, effect: "end" },
    "user.lifecycle.suspend of 00u1, by system log, ends nothing",
  ],
  [
    "signal.received",
    {
      channel: "event_hook",
      event: "group.user_membership.remove",
      subject: { uid: "00u1" },
      group: { id: "00g1", name: "support-leads" },
      effect: "judge_again",
    },
    "group.user_membership.remove of 00u1 (group support-leads), by event hook, what they hold is judged again",
  ],
  [
    "signal.received",
    { channel: "ssf", event: "account-enabled", effect: "refresh" },
    "account-enabled, by ssf, what is cached about them is fetched again",
  ],
  [
    "signal.refused",
    { channel: "event_hook", why: "a wrong secret", address: "10.0.0.1", left_out_before: 2 },
    "a wrong secret, event hook, from 10.0.0.1, 2 more left out before",
  ],
  [
    "authentication.refused",
    { protocol: "https", code: "token_inactive", endpoint: "GET /v1/operations", address: "10.0.0.1" },
    "token_inactive at GET /v1/operations from 10.0.0.1",
  ],
  [
    "request.approved",
    { by: "policy", reasons: ["db/read: permitted automatically by policy 'p'"] },
    "db/read: permitted automatically by policy 'p'",
  ],
  [
    "request.approved",
    { by: "policy", reasons: ["db/read: permitted by policy 'p'"] },
    "automatically: db/read: permitted by policy 'p'",
  ],
  ["request.approved", { by: "policy" }, "automatically"],
  [
    "request.approved",
    { by: ["rosa"], allowed: { operations: ["read-orders"], ttl_ms: 180_000 } },
    "by rosa: read-orders for 3m",
  ],
  ["request.denied", { reason: "x", reasons: ["nope: no policy"] }, '"x": nope: no policy'],
  ["grant.collected", { by: "0oa1" }, "the secret, by 0oa1"],
  ["break_glass.reviewed", { review: "rev_1", note: "only the double refunds" }, "only the double refunds"],
  ["configuration.loaded", { file: "mayfly.yaml", changes: ["start"] }, "mayfly.yaml: start"],
  ["configuration.refused", { file: "mayfly.yaml", why: "1:1: bad" }, "mayfly.yaml: 1:1: bad"],
  [
    "configuration.refused",
    { file: "m.yaml", why: ["1:1: bad", "2:1: worse"] },
    "m.yaml: 1:1: bad · 2:1: worse",
  ],
  ["act.intent", { act: { verb: "list", resource: "pods", namespace: "shop" } }, "kubectl get pods -n shop"],
  [
    "act.intent",
    {
      act: {
        verb: "connect",
        resource: "pods",
        subresource: "exec",
        namespace: "shop",
        name: "web-1",
        argv: ["ls", "/var/log"],
      },
    },
    "kubectl exec web-1 -n shop -- ls /var/log",
  ],
  ["act.intent", { act: { method: "GET", path: "/v1/invoices/7" } }, "GET /v1/invoices/7"],
  ["act.intent", { act: { method: "GET", path: "/v1/feed", query: "page=2" } }, "GET /v1/feed?page=2"],
  ["act.intent", { act: { discovery: "/api/v1", verb: "get" } }, "kubectl get --raw /api/v1"],
  ["act.intent", { act: { method: "initialize" } }, "initialize"],
  ["act.intent", { act: { method: "tools/list" } }, "tools/list"],
  ["act.intent", { act: { method: "resources/read", uri: "file:///a" } }, "read file:///a"],
  ["act.intent", { act: { kind: "function call", function: 5 } }, '{"kind":"function call","function":5}'],
  ["act.intent", { payload: "sha256:abc", bytes: 20_000 }, "kept beside the log as sha256:abc, 20,000 bytes"],
  [
    "act.denied",
    {
      act: { method: "tools/call", tool: "delete", arguments: { id: 1 } },
      message: "refused: the tool delete is not granted",
    },
    "delete(id: 1)  -- refused: the tool delete is not granted",
  ],
  ["grant.expired", { reason: "grant gr_1 expired after 6s" }, "grant gr_1 expired after 6s"],
  [
    "log.listed",
    { count: 2, logs: ["first+1a2b3c4d+AT", "second+5e6f+AB"], sha256: "0" },
    "the store is shared by first, second",
  ],
  [
    "log.retired",
    { log: "b+1a2b3c4d+AT", name: "b", records: 12, reason: "INC-12: the machine is gone" },
    "b, 12 records when it was last heard of, INC-12: the machine is gone",
  ],
  ["log.returned", { log: "b+1a2b3c4d+AT", name: "b", retired: { by: "olga" } }, "b"],
  ["log.listed", { count: 5, logs: ["first+1a2b3c4d+AT"] }, "the store is shared by first, and 4 more"],
])("%s %j reads %j", (type, detail, words) => expect(wordsOf(record(type, detail))).toBe(words));

test.each([
  ["act.outcome", {}],
  ["act.denied", { message: "x" }],
  ["log.opened", { key: "k" }],
  ["log.listed", { count: 1 }],
  ["grant.expired", {}],
  ["request.approved", {}],
  ["grant.collected", {}],
  ["something.new", { reason: "x" }],
])("%s %j is shown as it is", (type, detail) => expect(wordsOf(record(type, detail))).toBeUndefined());
