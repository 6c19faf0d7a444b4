import type { SlackRequest } from "../slack/requests.ts";

/** A request that waits. */
export function sampleSlackRequest(more: Partial<SlackRequest> = {}): SlackRequest {
  return {
    id: "req_0123456789abcdef",
    digest: `sha256:${"0".repeat(64)}`,
    state: "pending",
    requester: {
      kind: "agent",
      name: "support-bot",
      owner: "owner@example.com",
      person: "pat@example.com",
      actors: [],
    },
    connection: "orders-db",
    operations: [
      { name: "refund-order", scope: ["UPDATE public.orders(status), with a WHERE", "1 row at most"] },
    ],
    policies: ["a refund needs a person"],
    history: ["2026-11-23 10:00 UTC: read-orders, expired, 12 acts"],
    risk: "low",
    reason: "TICKET-1: wrong status",
    ttl: 600_000,
    waitsUntil: Date.UTC(2026, 10, 24, 12, 30),
    by: ["support-leads"],
    needed: 1,
    freshSignIn: false,
    decisions: [],
    ...more,
  };
}
