import { Counter, Gauge, type Registry } from "prom-client";
import type { DestinationState } from "../../audit/leaving/courier.ts";

/** Metrics of where the log's checkpoints go. A destination's name is the operator's. */
export function checkpointMetrics(registers: Registry[], states: () => readonly DestinationState[]): void {
  const gauge = (name: string, help: string, read: (state: DestinationState) => number): void => {
    void new Gauge({
      name,
      help,
      labelNames: ["destination", "kind"],
      registers,
      collect() {
        for (const state of states()) this.set({ destination: state.name, kind: state.kind }, read(state));
      },
    });
  };
  gauge("mayfly_checkpoint_destination_up", "1 while checkpoints reach the destination", ({ isUp }) =>
    isUp ? 1 : 0,
  );
  gauge(
    "mayfly_checkpoint_destination_records",
    "Records that the newest checkpoint at the destination covers; 0 before the first since the start",
    ({ records }) => records,
  );
  gauge(
    "mayfly_checkpoint_destination_behind_seconds",
    "How long a newer checkpoint has been waiting for the destination; 0 when it has the newest",
    ({ behind }) => behind / 1000,
  );
  void new Counter({
    name: "mayfly_checkpoint_deliveries_total",
    help: "Attempts to bring a checkpoint to a destination, by what came of them",
    labelNames: ["destination", "outcome"],
    registers,
    collect() {
      this.reset();
      for (const { name, delivered, failed } of states()) {
        this.inc({ destination: name, outcome: "delivered" }, delivered);
        this.inc({ destination: name, outcome: "failed" }, failed);
      }
    },
  });
}
