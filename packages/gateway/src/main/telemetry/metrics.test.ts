import { expect, test } from "vitest";
import { createMetrics } from "./metrics.ts";

test("what was counted and what is now, in the Prometheus text format", async () => {
  const metrics = createMetrics({
    sessions: () => 3,
    connections: () => 5,
    recording: () => false,
    refusedTurns: () => 7,
    storing: () => false,
    locked: () => true,
    exports: () => [],
    grants: () => ({ active: 4, pending: 2 }),
    health: {
      connections: () => [
        {
          labels: { connection: "orders-db", protocol: "postgres" },
          health: { state: "up", milliseconds: 20 },
        },
        { labels: { connection: "billing", protocol: "http" }, health: { state: "down", detail: "refused" } },
        { labels: { connection: "new", protocol: "http" }, health: { state: "unknown" } },
      ],
      providers: () => [{ labels: { issuer: "https://okta.test" }, health: { state: "down" } }],
    },
    held: () => ({ requests: 3 }),
  });
  metrics.count("permit");
  metrics.count("permit");
  metrics.count("deny");
  metrics.count("still_running");
  metrics.count("opened");
  metrics.turnedAway();
  metrics.reloaded("refused");
  const times = metrics.actTimes("postgres");
  times.judged(0.02);
  times.completed(3);
  metrics.grants.judged("pending", 2);
  metrics.grants.decided("approved", 90_000);
  metrics.grants.ended("lose_lease");
  metrics.grants.ended("lose_lease");
  for (const text of [await metrics.text(), await metrics.text()]) {
    for (const line of [
      'mayfly_acts_total{verdict="permit"} 2',
      'mayfly_acts_total{verdict="deny"} 1',
      "mayfly_still_running_total 1",
      'mayfly_sessions_total{outcome="opened"} 1',
      'mayfly_sessions_total{outcome="refused"} 0',
      "mayfly_connections_turned_away_total 1",
      'mayfly_reloads_total{outcome="refused"} 1',
      "mayfly_last_reload_adopted 0",
      "mayfly_sessions 3",
      "mayfly_client_connections 5",
      "mayfly_audit_log_available 0",
      "mayfly_audit_log_refused_turns_total 7",
      "mayfly_store_available 0",
      "mayfly_locked_down 1",
      'mayfly_grants_ended_total{event="lose_lease"} 2',
      'mayfly_held{what="requests"} 3',
      "mayfly_grants 4",
      "mayfly_requests_pending 2",
      'mayfly_connection_up{connection="orders-db",protocol="postgres"} 1',
      'mayfly_connection_up{connection="billing",protocol="http"} 0',
      'mayfly_connection_probe_seconds{connection="orders-db",protocol="postgres"} 0.02',
      'mayfly_identity_provider_up{issuer="https://okta.test"} 0',
      'mayfly_decision_seconds_bucket{le="0.00001",protocol="postgres"} 0',
      'mayfly_decision_seconds_bucket{le="0.000025",protocol="postgres"} 1',
      'mayfly_act_seconds_bucket{le="0.0025",protocol="postgres"} 0',
      'mayfly_act_seconds_bucket{le="0.005",protocol="postgres"} 1',
      'mayfly_policy_decision_seconds_count{state="pending"} 1',
      'mayfly_policy_decision_seconds_count{state="denied"} 0',
      'mayfly_approval_seconds_sum{state="approved"} 90',
      'mayfly_approval_seconds_count{state="timed_out"} 0',
    ]) {
      expect(text.split("\n")).toContain(line);
    }
    expect(text).not.toContain('connection="new"');
  }
});
