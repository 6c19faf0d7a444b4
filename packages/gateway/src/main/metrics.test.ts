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
    held: () => ({ requests: 3 }),
  });
  metrics.count("permit");
  metrics.count("permit");
  metrics.count("deny");
  metrics.count("opened");
  metrics.turnedAway();
  metrics.reloaded("refused");
  for (const text of [await metrics.text(), await metrics.text()]) {
    for (const line of [
      'mayfly_acts_total{verdict="permit"} 2',
      'mayfly_acts_total{verdict="deny"} 1',
      'mayfly_sessions_total{outcome="opened"} 1',
      'mayfly_sessions_total{outcome="refused"} 0',
      "mayfly_connections_turned_away_total 1",
      'mayfly_reloads_total{outcome="refused"} 1',
      "mayfly_sessions 3",
      "mayfly_client_connections 5",
      "mayfly_audit_log_available 0",
      "mayfly_audit_log_refused_turns_total 7",
      "mayfly_store_available 0",
      "mayfly_locked_down 1",
      'mayfly_held{what="requests"} 3',
    ]) {
      expect(text.split("\n")).toContain(line);
    }
  }
});
