import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";

/** What the gateway counts, in the Prometheus text format. No label takes a value that a client chooses. */
export interface Metrics {
  count(what: "opened" | "refused" | "permit" | "deny"): void;
  turnedAway(): void;
  reloaded(outcome: "adopted" | "refused"): void;
  /** The exposition, as text. */
  text(): Promise<string>;
}

/** @param gauges read whenever metrics are asked for */
export function createMetrics(gauges: {
  readonly sessions: () => number;
  readonly connections: () => number;
  readonly recording: () => boolean;
  readonly locked: () => boolean;
}): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const sessions = new Counter({
    name: "mayfly_sessions_total",
    help: "Sessions opened and refused",
    labelNames: ["outcome"],
    registers,
  });
  const acts = new Counter({
    name: "mayfly_acts_total",
    help: "Acts judged, by verdict",
    labelNames: ["verdict"],
    registers,
  });
  const away = new Counter({
    name: "mayfly_connections_turned_away_total",
    help: "Clients turned away by the limits",
    registers,
  });
  const reloads = new Counter({
    name: "mayfly_reloads_total",
    help: "Configuration reloads",
    labelNames: ["outcome"],
    registers,
  });
  const gauge = (name: string, help: string, read: () => number): void => {
    void new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  gauge("mayfly_sessions", "Live sessions", gauges.sessions);
  gauge(
    "mayfly_client_connections",
    "Open client connections, before and after authentication",
    gauges.connections,
  );
  gauge("mayfly_audit_log_available", "1 while the audit log takes records", () =>
    gauges.recording() ? 1 : 0,
  );
  gauge("mayfly_locked_down", "1 while locked down", () => (gauges.locked() ? 1 : 0));
  // Hot path: the child is looked up once.
  const counters = {
    opened: sessions.labels("opened"),
    refused: sessions.labels("refused"),
    permit: acts.labels("permit"),
    deny: acts.labels("deny"),
  };
  return {
    count: (what) => counters[what].inc(),
    turnedAway: () => away.inc(),
    reloaded: (outcome) => reloads.labels(outcome).inc(),
    text: () => registry.metrics(),
  };
}
