import { Gauge, type Registry } from "prom-client";
import type { ConnectionHealth } from "../../api/services.ts";

/** What the last look at something outside said. */
export interface HealthReading {
  readonly labels: Readonly<Record<string, string>>;
  readonly health: ConnectionHealth;
}

/** What health is read from, whenever metrics are asked for. */
export interface HealthReadings {
  readonly connections: () => readonly HealthReading[];
  readonly providers: () => readonly HealthReading[];
}

/** Whether connections' targets and identity providers answer. The labels are the operator's names. */
export function addHealthMetrics(registry: Registry, { connections, providers }: HealthReadings): void {
  const gauge = (
    name: string,
    help: string,
    labelNames: readonly string[],
    readings: () => readonly HealthReading[],
    read: (health: ConnectionHealth) => number | undefined,
  ): void => {
    void new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      collect() {
        this.reset();
        for (const { labels, health } of readings()) {
          const value = read(health);
          if (value !== undefined) this.set(labels, value);
        }
      },
    });
  };
  const up = ({ state }: ConnectionHealth): number | undefined =>
    state === "unknown" ? undefined : state === "up" ? 1 : 0;
  gauge(
    "mayfly_connection_up",
    "1 while the connection's target answers, 0 while it does not; absent until it was looked at",
    ["connection", "protocol"],
    connections,
    up,
  );
  gauge(
    "mayfly_connection_probe_seconds",
    "How long the last look at the connection's target took, log-in included",
    ["connection", "protocol"],
    connections,
    ({ milliseconds }) => (milliseconds === undefined ? undefined : milliseconds / 1000),
  );
  gauge(
    "mayfly_identity_provider_up",
    "1 while the provider serves its discovery document, 0 while it does not; absent until it was looked at",
    ["issuer"],
    providers,
    up,
  );
}
