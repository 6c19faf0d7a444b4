import type { RecordReader } from "../audit/index/record-reader.ts";
import type { OpenedAuditLog } from "../audit/opened.ts";
import type { Clock } from "../kernel/clock.ts";
import type { ExportDestination, OtlpTarget } from "../kernel/export-settings.ts";
import type { SessionTraces } from "../kernel/traceparent.ts";
import type { InTurn } from "../kernel/turns.ts";
import { createDestination } from "./create-destination.ts";
import type { Destination } from "./destination.ts";
import type { Exporter } from "./exporter.ts";
import { exportSource } from "./outgoing.ts";
import type { ExportSource } from "./stream.ts";

/** What the ways of all destinations are made of. */
export interface WayParts {
  readonly reader: Pick<RecordReader, "readWithOpenings" | "readEach">;
  readonly opened: Pick<OpenedAuditLog, "id" | "synced">;
  readonly exporter: Exporter;
  readonly clock: Clock;
  /** Bounds what waits for file systems. */
  readonly inTurn: InTurn;
}

/** From the log to a destination. */
export interface Way {
  readonly destination: Destination;
  readonly source: ExportSource;
  /** Where the destination takes traces: what acts send upstream of theirs. */
  readonly traces?: SessionTraces;
}

/** Makes a way. What makes traces is loaded where they are switched on. */
export async function createWay(settings: ExportDestination, parts: WayParts): Promise<Way> {
  const { reader, opened, exporter, clock } = parts;
  const { synced: end, id: log } = opened;
  if (isTraces(settings)) {
    const { createTraces, sessionTraces } = await import("./traces/create-traces.ts");
    return {
      ...createTraces(settings.target, { reader, end, log, exporter, clock }),
      traces: sessionTraces(log),
    };
  }
  const { destination, format } = createDestination(settings, exporter, clock, parts.inTurn);
  return { destination, source: exportSource(reader, end, format) };
}

export function isTraces<Settings extends ExportDestination>(
  settings: Settings,
): settings is Settings & { readonly target: OtlpTarget } {
  return settings.target.kind === "otlp" && settings.target.signal === "traces";
}
