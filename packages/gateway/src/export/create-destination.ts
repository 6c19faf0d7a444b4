import type { Clock } from "../kernel/clock.ts";
import type { InTurn } from "../kernel/turns.ts";
import type { ExportDestination } from "../kernel/export-settings.ts";
import type { Destination } from "./destination.ts";
import { fileDestination } from "./destinations/file.ts";
import { logsSignal, otlpDestination } from "./destinations/http/otlp.ts";
import { splunkDestination } from "./destinations/http/splunk.ts";
import { patientDestination } from "./destinations/patient.ts";
import { syslogDestination } from "./destinations/syslog/syslog.ts";
import type { Exporter } from "./exporter.ts";
import type { Bare } from "./destinations/http/split.ts";
import { bareRecord, mayflyFormat, ocsfFormat, type Format } from "./outgoing.ts";

/** Makes what sends to a destination, and what writes records for it. @param inTurn bounds what waits for file systems */
export function createDestination(
  { target, format: name }: ExportDestination,
  exporter: Exporter,
  clock: Clock,
  inTurn: InTurn,
): { readonly destination: Destination; readonly format: Format } {
  const format = name === "ocsf" ? ocsfFormat(exporter) : mayflyFormat;
  const bare: Bare = (record) => bareRecord(record, format);
  if (target.kind === "otlp")
    return { destination: otlpDestination(target, exporter, logsSignal, bare, clock), format };
  if (target.kind === "splunk")
    return { destination: splunkDestination(target, exporter, { format: name, bare }, clock), format };
  if (target.kind === "syslog") return { destination: syslogDestination(target, exporter, clock), format };
  return { destination: patientDestination(fileDestination(target), inTurn, clock), format };
}
