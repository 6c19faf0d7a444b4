import type { Notified } from "../notifications/notifications.ts";
import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";

/** What the gateway counts, in the Prometheus text format. No label takes a value that a client chooses. */
export interface Metrics {
  count(what: "opened" | "refused" | "permit" | "deny"): void;
  turnedAway(): void;
  reloaded(outcome: "adopted" | "refused"): void;
  notified(what: Notified): void;
  /** The exposition, as text. */
  text(): Promise<string>;
}

/** @param gauges read whenever metrics are asked for */
export function createMetrics(gauges: {
  readonly sessions: () => number;
  readonly connections: () => number;
  readonly recording: () => boolean;
  /** Turns whose records could not be written, and whose acts were refused for that. */
  readonly refusedTurns: () => number;
  /** Whether the store takes writes. */
  readonly storing: () => boolean;
  readonly locked: () => boolean;
  /** What is taken of what is shared, by its kind. */
  readonly held: () => Readonly<Record<string, number>>;
}): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  // Hot path: a number each, read when metrics are asked for.
  const tally = { opened: 0, refused: 0, permit: 0, deny: 0 };
  const counted = (
    name: string,
    help: string,
    label: string,
    values: readonly (keyof typeof tally)[],
  ): void => {
    void new Counter({
      name,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset();
        for (const value of values) this.inc({ [label]: value }, tally[value]);
      },
    });
  };
  counted("mayfly_sessions_total", "Sessions opened and refused", "outcome", ["opened", "refused"]);
  counted("mayfly_acts_total", "Acts judged, by verdict", "verdict", ["permit", "deny"]);
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
  const webhooks = new Counter({
    name: "mayfly_webhook_deliveries_total",
    help: "Attempts to deliver to webhooks, by what came of them",
    labelNames: ["webhook", "outcome"],
    registers,
  });
  const slack = new Counter({
    name: "mayfly_slack_messages_total",
    help: "Messages in Slack, by what came of them",
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
  void new Gauge({
    name: "mayfly_held",
    help: "What is taken now of what agents share: requests, bytes of memory, places",
    labelNames: ["what"],
    registers,
    collect() {
      for (const [what, taken] of Object.entries(gauges.held())) this.set({ what }, taken);
    },
  });
  gauge("mayfly_store_available", "1 while the store takes writes", () => (gauges.storing() ? 1 : 0));
  void new Counter({
    name: "mayfly_audit_log_refused_turns_total",
    help: "Turns of acts refused because their records could not be written",
    registers,
    collect() {
      this.reset();
      this.inc(gauges.refusedTurns());
    },
  });
  gauge("mayfly_locked_down", "1 while locked down", () => (gauges.locked() ? 1 : 0));
  return {
    count(what) {
      tally[what] += 1;
    },
    turnedAway: () => away.inc(),
    reloaded: (outcome) => reloads.labels(outcome).inc(),
    notified(what) {
      // A webhook's name is the operator's, not a client's.
      if ("webhook" in what) webhooks.labels(what.webhook, what.outcome).inc();
      else slack.labels(what.slack).inc();
    },
    text: () => registry.metrics(),
  };
}
