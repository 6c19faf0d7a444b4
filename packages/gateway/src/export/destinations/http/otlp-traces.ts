import type { OutgoingRecord } from "../../destination.ts";
import type { Exporter } from "../../exporter.ts";
import type { OtlpSignal } from "./otlp.ts";
import { resourceOf } from "./otlp-resource.ts";

/** What an ExportTraceServiceRequest is, of records whose texts are spans; undefined where none has any. */
export function tracesRequest(records: readonly OutgoingRecord[], exporter: Exporter): string | undefined {
  const spans = records
    .map(({ text }) => text)
    .filter((text) => text !== "")
    .join(",");
  if (spans === "") return undefined;
  const scope = { name: "mayfly.audit", version: exporter.version };
  return `{"resourceSpans":[{"resource":${JSON.stringify(resourceOf(exporter))},"scopeSpans":[{"scope":${JSON.stringify(scope)},"spans":[${spans}]}]}]}`;
}

/** Traces over OTLP/HTTP. */
export const tracesSignal: OtlpSignal = { request: tracesRequest, rejected: "rejectedSpans" };
