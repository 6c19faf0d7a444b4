import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { DestinationState } from "../../audit/leaving/courier.ts";
import type { ExportStatus } from "../../export/stream.ts";
import type { Counted } from "../../gate/parts.ts";
import type { GrantCounts } from "../../grants/observer.ts";
import type { Notified } from "../../notifications/notifications.ts";
import { version } from "../version.ts";
import { checkpointMetrics } from "./checkpoint-metrics.ts";
import { addExportMetrics } from "./export-metrics.ts";
import { addHealthMetrics, type HealthReadings } from "./health-metrics.ts";
import { createSignalMetrics, type SignalMetrics } from "./signal-metrics.ts";
import { createTimesMetrics, type TimesMetrics } from "./times-metrics.ts";

/** What the gateway counts, in the Prometheus text format. No label takes a value that a client chooses. */
export interface Metrics extends SignalMetrics, TimesMetrics {
  count(what: Counted): void;
  turnedAway(): void;
  reloaded(outcome: "adopted" | "refused"): void;
  notified(what: Notified): void;
  /** The exposition, as text. */
  text(): Promise<string>;
  /** The same as data, to be added to that of other processes. */
  json(): ReturnType<Registry["getMetricsAsJSON"]>;
}

/** What is read whenever metrics are asked for. */
export interface MetricsSources {
  readonly sessions: () => number;
  readonly connections: () => number;
  readonly recording: () => boolean;
  /** Turns whose records could not be written, and whose acts were refused for that. */
  readonly refusedTurns: () => number;
  /** Whether the store takes writes. */
  readonly storing: () => boolean;
  readonly locked: () => boolean;
  /** Live grants and pending requests. */
  readonly grants: () => GrantCounts;
  /** Milliseconds since the System Log was last read to its end. */
  readonly logLag?: () => number | undefined;
  /** Where the log's checkpoints go. */
  readonly destinations?: () => readonly DestinationState[];
  /** What is taken of what is shared, by its kind. */
  readonly held: () => Readonly<Record<string, number>>;
  /** How each destination of the audit log stands. */
  readonly exports: () => readonly ExportStatus[];
  /** Whether what is outside answers. */
  readonly health: HealthReadings;
}

export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const count = addTallies(registry);
  addStates(registry, sources);
  addTotals(registry, sources);
  checkpointMetrics([registry], sources.destinations ?? (() => []));
  addExportMetrics(registry, sources.exports);
  addHealthMetrics(registry, sources.health);
  return {
    count,
    ...createEvents(registry),
    ...createSignalMetrics(registry),
    ...createTimesMetrics(registry),
    text: () => registry.metrics(),
    json: () => registry.getMetricsAsJSON(),
  };
}

/** Sessions and acts: on the hot path, so a number each, read when metrics are asked for. */
function addTallies(registry: Registry): Metrics["count"] {
  const tally: Record<Counted, number> = {
    opened: 0,
    refused: 0,
    permit: 0,
    deny: 0,
    waited: 0,
    too_fast: 0,
    still_running: 0,
  };
  const counted = (name: string, help: string, label: string, values: readonly Counted[]): void => {
    void new Counter({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset();
        for (const value of values) this.inc({ [label]: value }, tally[value]);
      },
    });
  };
  counted("mayfly_sessions_total", "Sessions opened and refused", "outcome", ["opened", "refused"]);
  counted("mayfly_acts_total", "Acts judged, by verdict", "verdict", ["permit", "deny"]);
  counted(
    "mayfly_acts_paced_total",
    "Times that acts waited, or were refused, for coming too fast",
    "outcome",
    ["waited", "too_fast"],
  );
  void new Counter({
    name: "mayfly_still_running_total",
    help: "Sessions that are over and whose target went on with what they ran",
    registers: [registry],
    collect() {
      this.reset();
      this.inc(tally.still_running);
    },
  });
  return (what) => {
    tally[what] += 1;
  };
}

/** What is told as it happens, seldom. */
function createEvents(registry: Registry): Pick<Metrics, "turnedAway" | "reloaded" | "notified"> {
  const registers = [registry];
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
  const lastReload = new Gauge({
    name: "mayfly_last_reload_adopted",
    help: "1 while the configuration that was read last is in force, 0 once a reload was refused",
    registers,
  });
  lastReload.set(1);
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
  return {
    turnedAway: () => away.inc(),
    reloaded(outcome) {
      reloads.labels(outcome).inc();
      lastReload.set(outcome === "adopted" ? 1 : 0);
    },
    notified(what) {
      // A webhook's name is the operator's, not a client's.
      if ("webhook" in what) webhooks.labels(what.webhook, what.outcome).inc();
      else slack.labels(what.slack).inc();
    },
  };
}

/** How the gateway stands now. */
function addStates(registry: Registry, sources: MetricsSources): void {
  const registers = [registry];
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
  const build = new Gauge({ name: "mayfly_build_info", help: "1", labelNames: ["version"], registers });
  build.set({ version }, 1);
  gauge("mayfly_sessions", "Live sessions", sources.sessions);
  gauge("mayfly_grants", "Live grants, of all gateways on the store", () => sources.grants().active);
  gauge(
    "mayfly_requests_pending",
    "Requests that wait for somebody to decide, of all gateways on the store",
    () => sources.grants().pending,
  );
  gauge(
    "mayfly_client_connections",
    "Open client connections, before and after authentication",
    sources.connections,
  );
  gauge("mayfly_audit_log_available", "1 while the audit log takes records", () =>
    sources.recording() ? 1 : 0,
  );
  gauge("mayfly_store_available", "1 while the store takes writes", () => (sources.storing() ? 1 : 0));
  gauge(
    "mayfly_system_log_lag_seconds",
    "Since Okta's System Log was last read to its end; 0 where it is not read, or was not yet",
    () => (sources.logLag?.() ?? 0) / 1000,
  );
  gauge("mayfly_locked_down", "1 while locked down", () => (sources.locked() ? 1 : 0));
  void new Gauge({
    name: "mayfly_held",
    help: "What is taken now of what agents share: requests, bytes of memory, places",
    labelNames: ["what"],
    registers,
    collect() {
      for (const [what, taken] of Object.entries(sources.held())) this.set({ what }, taken);
    },
  });
}

/** What others have counted. */
function addTotals(registry: Registry, sources: MetricsSources): void {
  void new Counter({
    name: "mayfly_audit_log_refused_turns_total",
    help: "Turns of acts refused because their records could not be written",
    registers: [registry],
    collect() {
      this.reset();
      this.inc(sources.refusedTurns());
    },
  });
}
