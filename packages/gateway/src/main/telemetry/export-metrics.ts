import { Counter, Gauge, type Registry } from "prom-client";
import type { ExportStatus } from "../../export/stream.ts";

/** What is told of each destination of the audit log; its name is the operator's. */
export function addExportMetrics(registry: Registry, statuses: () => readonly ExportStatus[]): void {
  const registers = [registry];
  const labelNames = ["destination"];
  const gauge = (name: string, help: string, read: (status: ExportStatus) => number): void => {
    void new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const status of statuses()) this.set({ destination: status.name }, read(status));
      },
    });
  };
  const counter = (name: string, help: string, read: (status: ExportStatus) => number): void => {
    void new Counter({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const status of statuses()) this.inc({ destination: status.name }, read(status));
      },
    });
  };
  gauge("mayfly_export_up", "1 while the destination takes records", ({ problem }) =>
    problem === undefined ? 1 : 0,
  );
  gauge("mayfly_export_lag_records", "Records that have not arrived yet", ({ lagRecords }) => lagRecords);
  gauge(
    "mayfly_export_lag_seconds",
    "How old the oldest record is that has not arrived yet",
    ({ lagSeconds }) => lagSeconds,
  );
  counter("mayfly_export_delivered_records_total", "Records that have arrived", ({ delivered }) => delivered);
  counter(
    "mayfly_export_failures_total",
    "Attempts that failed and are repeated",
    ({ failures }) => failures,
  );
  counter(
    "mayfly_export_refused_records_total",
    "Records that the destination refused for what they are",
    ({ refused }) => refused,
  );
  counter(
    "mayfly_export_missed_records_total",
    "Records that were archived before they could be sent",
    ({ missed }) => missed,
  );
}
