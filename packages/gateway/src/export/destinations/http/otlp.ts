import type { Clock } from "../../../kernel/clock.ts";
import type { OtlpTarget } from "../../../kernel/export-settings.ts";
import type { Destination, OutgoingRecord } from "../../destination.ts";
import type { Exporter } from "../../exporter.ts";
import { severityOf } from "../../severity.ts";
import { resourceOf, text } from "./otlp-resource.ts";
import { httpPost, jsonObject, type HttpAnswer } from "./post.ts";
import { handOverSplit, isAboutContent, type Bare, type Verdict } from "./split.ts";

/** SeverityNumber (OpenTelemetry logs data model, "Mapping of SeverityNumber"), by syslog's severities. */
const severities = {
  informational: [9, "INFO"],
  notice: [10, "INFO2"],
  warning: [13, "WARN"],
  alert: [19, "ERROR3"],
} as const;

function logRecord({ seq, at, type, text: body }: OutgoingRecord, { log }: Exporter): object {
  const [severityNumber, severityText] = severities[severityOf(type)];
  // 64-bit numbers are text in JSON (OTLP, "JSON Protobuf Encoding").
  const nanoseconds = `${at}000000`;
  return {
    timeUnixNano: nanoseconds,
    observedTimeUnixNano: nanoseconds,
    severityNumber,
    severityText,
    eventName: `mayfly.${type}`,
    body: { stringValue: body },
    attributes: [
      text("log.record.uid", `${log}:${seq}`),
      { key: "mayfly.seq", value: { intValue: String(seq) } },
    ],
  };
}

/** An ExportLogsServiceRequest. */
export function otlpRequest(records: readonly OutgoingRecord[], exporter: Exporter): object {
  const { version } = exporter;
  return {
    resourceLogs: [
      {
        resource: resourceOf(exporter),
        scopeLogs: [
          {
            scope: { name: "mayfly.audit", version },
            logRecords: records.map((record) => logRecord(record, exporter)),
          },
        ],
      },
    ],
  };
}

/** What is sent of records, and how a collector says that it took less. */
export interface OtlpSignal {
  /** The request, as JSON; undefined where nothing is to be sent. */
  request(records: readonly OutgoingRecord[], exporter: Exporter): string | undefined;
  readonly rejected: "rejectedLogRecords" | "rejectedSpans";
}

/** Logs over OTLP/HTTP. */
export const logsSignal: OtlpSignal = {
  request: (records, exporter) => JSON.stringify(otlpRequest(records, exporter)),
  rejected: "rejectedLogRecords",
};

/** Makes what sends over OTLP/HTTP, as JSON. */
export function otlpDestination(
  target: OtlpTarget,
  exporter: Exporter,
  signal: OtlpSignal,
  bare: Bare,
  clock: Clock,
): Destination {
  const { url, ca, headers } = target;
  const client = httpPost(url, ca, clock);

  function verdictOf(answer: HttpAnswer, sent: number): Verdict {
    const { status, retryAfter } = answer;
    if (status === 200 || status === 202 || status === 204) return takenBy(answer, sent, signal.rejected);
    const why = `HTTP ${status}`;
    // OTLP/HTTP, "Failures": what is not retryable is not to be sent again as it is.
    if (isAboutContent(status)) return { kind: "unfit", why };
    return { kind: "failed", why, ...(retryAfter === undefined ? {} : { retryAfter }) };
  }

  return {
    async send({ records, next }, stopping) {
      const handed = await handOverSplit(
        records,
        async (some) => {
          const body = signal.request(some, exporter);
          if (body === undefined) return { kind: "taken" };
          const revealed = Array.from(headers, ([name, secret]) => [name, secret.reveal()]);
          const own = { ...Object.fromEntries(revealed), "content-type": "application/json" } as Record<
            string,
            string
          >;
          const answer = await client.post(url, body, own, stopping);
          return typeof answer === "string"
            ? { kind: "failed", why: answer }
            : verdictOf(answer, some.length);
        },
        bare,
      );
      if (handed.kind === "failed") return handed;
      const { refused } = handed;
      return { kind: "delivered", delivered: next, ...(refused === undefined ? {} : { refused }) };
    },
    close() {
      client.close();
      return Promise.resolve();
    },
  };
}

/**
 * What an answer of success says. Only the service's own response, or nothing, has taken records: a page of somebody
 * else's, a sign-in or an error that says 200, has taken none.
 * @param sent how many records there were
 */
function takenBy({ contentType, body }: HttpAnswer, sent: number, rejected: OtlpSignal["rejected"]): Verdict {
  if (body.trim() === "") return { kind: "taken" };
  const answer = /^application\/json *(?:;|$)/i.test(contentType) ? jsonObject(body) : undefined;
  const count = answer === undefined ? undefined : rejectedIn(answer, rejected);
  if (count === undefined) return { kind: "unfit", why: "the answer is not one of OTLP" };
  if (count === 0) return { kind: "taken" };
  // OTLP/HTTP, "Partial Success": what was rejected must not be sent again.
  return { kind: "taken", refused: { count: Math.min(count, sent), why: "the collector rejected them" } };
}

/** How many log records or spans a response says were rejected; undefined: it is no response. */
function rejectedIn(
  { partialSuccess = null, ...others }: Readonly<Record<string, unknown>>,
  member: OtlpSignal["rejected"],
): number | undefined {
  if (Object.keys(others).length > 0) return undefined;
  if (partialSuccess === null) return 0;
  if (typeof partialSuccess !== "object" || Array.isArray(partialSuccess)) return undefined;
  const said = (partialSuccess as Readonly<Record<string, unknown>>)[member] ?? null;
  if (said === null) return 0;
  // 64-bit numbers are text in JSON, and numbers are taken as well (ProtoJSON).
  const isNumber = typeof said === "number" && Number.isSafeInteger(said);
  const isText = typeof said === "string" && /^\d{1,19}$/.test(said);
  const count = isNumber || isText ? Number(said) : -1;
  return count < 0 ? undefined : count;
}
