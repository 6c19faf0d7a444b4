import { AggregatorRegistry, Gauge, type Registry } from "prom-client";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Siblings } from "./siblings.ts";

type Exported = Awaited<ReturnType<Metrics["json"]>>;
type Aggregator = Exported[number]["aggregator"];

/** What is not the sum of all workers: one that is away, or late, shows. */
const aggregators: ReadonlyMap<string, Aggregator> = new Map<string, Aggregator>([
  ["mayfly_build_info", "first"],
  ["mayfly_last_reload_adopted", "min"],
  ["mayfly_audit_log_available", "min"],
  ["mayfly_store_available", "min"],
  ["mayfly_locked_down", "max"],
  // Each worker tells those of all gateways on the store.
  ["mayfly_grants", "max"],
  ["mayfly_requests_pending", "max"],
  ["mayfly_connection_up", "min"],
  ["mayfly_connection_probe_seconds", "max"],
  ["mayfly_identity_provider_up", "min"],
  ["mayfly_export_up", "min"],
  ["mayfly_export_lag_seconds", "max"],
  ["mayfly_checkpoint_destination_up", "min"],
  ["mayfly_checkpoint_destination_behind_seconds", "max"],
  ["mayfly_system_log_lag_seconds", "max"],
]);

const isExported = (said: unknown): said is Exported => Array.isArray(said);

/** Has this worker give its metrics to the others, and makes what shows those of all, whoever is asked. */
export function metricsAmong(siblings: Siblings, own: Metrics): () => Promise<string> {
  siblings.answer("metrics", () => own.json());
  return async () => {
    const [mine, others] = await Promise.all([own.json(), siblings.askAll("metrics", {})]);
    const answered = [mine, ...Array.from(others.values()).filter(isExported)];
    const registry: Registry = AggregatorRegistry.aggregate(
      answered.map((metrics) =>
        metrics.map((metric) => ({
          ...metric,
          aggregator: aggregators.get(metric.name) ?? metric.aggregator,
        })),
      ),
    );
    const gauge = (name: string, help: string, value: number): void => {
      new Gauge({ name, help, registers: [registry] }).set(value);
    };
    gauge("mayfly_workers", "Workers that the gateway was started with", siblings.count);
    gauge(
      "mayfly_workers_answering",
      "Workers whose figures are in these: one that does not answer within a second is left out",
      answered.length,
    );
    return registry.metrics();
  };
}
