import type { RecordReader } from "../../audit/index/record-reader.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { OtlpTarget } from "../../kernel/export-settings.ts";
import type { Destination } from "../destination.ts";
import { tracesSignal } from "../destinations/http/otlp-traces.ts";
import { otlpDestination } from "../destinations/http/otlp.ts";
import type { Exporter } from "../exporter.ts";
import type { ExportSource } from "../stream.ts";
import { bareSpans, traceSource } from "./source.ts";

export { sessionTraces } from "./ids.ts";

/** What traces are made of. */
export interface TraceParts {
  readonly reader: Pick<RecordReader, "readWithOpenings" | "readEach">;
  readonly end: () => number;
  /** The log's id. */
  readonly log: string;
  readonly exporter: Exporter;
  readonly clock: Clock;
}

/** Makes what sends the spans of the log's records. */
export function createTraces(
  target: OtlpTarget,
  { reader, end, log, exporter, clock }: TraceParts,
): { readonly destination: Destination; readonly source: ExportSource } {
  return {
    destination: otlpDestination(target, exporter, tracesSignal, bareSpans, clock),
    source: traceSource(reader, end, { id: log, name: exporter.log }),
  };
}
