import type { AuditRecord, RecordType } from "../../audit/records.ts";
import { spanIdOf, traceOf, type RequestTrace } from "./ids.ts";
import { commonOf, momentOf, spanOf, type Span } from "./span.ts";

/** A record of a request's course, with what its spans share. */
interface Told {
  readonly record: AuditRecord;
  readonly request: string;
  readonly trace: RequestTrace;
  readonly common: Readonly<Record<string, unknown>>;
}

/** How a request or a grant ended, and whether that is a failure of what was asked for. */
const ends: Partial<Readonly<Record<RecordType, { readonly as: string; readonly failed: boolean }>>> = {
  "request.denied": { as: "denied", failed: true },
  "request.refused": { as: "refused", failed: true },
  "request.withdrawn": { as: "withdrawn", failed: false },
  "request.timed_out": { as: "timed_out", failed: true },
  "grant.released": { as: "released", failed: false },
  "grant.expired": { as: "expired", failed: false },
  "grant.revoked": { as: "revoked", failed: false },
};

function endOf({ type, detail }: AuditRecord): { readonly as: string; readonly error: string | undefined } {
  // What was announced and never came to be.
  if (detail["was_active"] === false || detail["stored"] === false) return { as: "undone", error: "undone" };
  const { as, failed } = ends[type] ?? { as: type, failed: false };
  return { as, error: failed ? as : undefined };
}

/** From the ask to the end of the grant; where it got none, to its denial. */
function rootSpan({ record, request, trace, common }: Told): Span {
  const { as, error } = endOf(record);
  return spanOf({
    traceId: trace.traceId,
    spanId: spanIdOf("request", request),
    parentSpanId: trace.asker?.spanId,
    isRemote: trace.asker !== undefined,
    name: "access request",
    kind: "server",
    start: momentOf(record, "asked_at", "activated_at"),
    end: momentOf(record, "ended_at", "at"),
    attributes: {
      ...common,
      "mayfly.operations": record.operations,
      "mayfly.outcome": as,
      ...(trace.asker === undefined ? {} : { "mayfly.traceparent_given": true }),
    },
    error,
  });
}

function decisionSpan({ record, request, trace, common }: Told): Span {
  const at = Date.parse(record.time);
  const isDenied = record.type === "request.denied";
  const { approval, break_glass } = record.detail;
  return spanOf({
    traceId: trace.traceId,
    spanId: spanIdOf("decision", request),
    parentSpanId: spanIdOf("request", request),
    name: "policy decision",
    kind: "internal",
    start: at,
    end: at,
    attributes: {
      ...common,
      "mayfly.decision": isDenied ? "deny" : approval === undefined ? "permit" : "approval_required",
      ...(break_glass === true ? { "mayfly.break_glass": true } : {}),
    },
    error: isDenied ? "denied" : undefined,
  });
}

/** The wait for people, by the record that ends it. */
function approvalSpan({ record, request, trace, common }: Told): Span {
  const isApproved = record.type === "request.approved";
  const { as, error } = isApproved ? { as: "approved", error: undefined } : endOf(record);
  return spanOf({
    traceId: trace.traceId,
    spanId: spanIdOf("approval", request),
    parentSpanId: spanIdOf("request", request),
    name: "approval",
    kind: "internal",
    start: momentOf(record, "asked_at"),
    end: momentOf(record, "at"),
    attributes: { ...common, "mayfly.outcome": as },
    error,
  });
}

function grantSpan({ record, request, trace, common }: Told, grant: string): Span {
  return spanOf({
    traceId: trace.traceId,
    spanId: spanIdOf("grant", grant),
    parentSpanId: spanIdOf("request", request),
    name: "grant",
    kind: "internal",
    start: momentOf(record, "activated_at"),
    end: momentOf(record, "ended_at"),
    attributes: { ...common, "mayfly.operations": record.operations, "mayfly.outcome": endOf(record).as },
  });
}

/** A session's closing record tells how long it was. */
function sessionSpan({ record, trace, common }: Told, session: string): Span {
  const { milliseconds, cause, acts, denied } = record.detail;
  const end = Date.parse(record.time);
  return spanOf({
    traceId: trace.traceId,
    spanId: spanIdOf("session", session),
    parentSpanId: record.grant === undefined ? undefined : spanIdOf("grant", record.grant),
    name: `session ${record.connection ?? ""}`.trim(),
    kind: "internal",
    start: end - (typeof milliseconds === "number" ? milliseconds : 0),
    end,
    attributes: {
      ...common,
      "mayfly.end.cause": cause ?? "killed",
      "mayfly.acts": acts,
      "mayfly.acts.denied": denied,
    },
  });
}

/**
 * The spans that a record of a request's course ends, from the ask to the end of the last session. Each record says itself
 * when began what it ends, so that nothing has to be remembered. Acts are told in act.ts.
 * @param log the log's name
 */
export function courseSpans(record: AuditRecord, log: string): readonly Span[] {
  const { type, request, grant, session, detail } = record;
  if (request === undefined) return [];
  const trace = traceOf(request, detail["traceparent"]);
  const told: Told = { record, request, trace, common: commonOf(record, log) };
  switch (type) {
    case "request.created":
      return [decisionSpan(told)];
    case "request.denied":
      return [decisionSpan(told), rootSpan(told)];
    case "request.approved":
      // A policy's own approval is the decision.
      return Array.isArray(detail["by"]) ? [approvalSpan(told)] : [];
    case "request.refused":
    case "request.withdrawn":
    case "request.timed_out":
      return detail["stored"] === false ? [rootSpan(told)] : [approvalSpan(told), rootSpan(told)];
    case "grant.released":
    case "grant.expired":
    case "grant.revoked":
      return grant === undefined || detail["was_active"] === false
        ? [rootSpan(told)]
        : [grantSpan(told, grant), rootSpan(told)];
    case "session.closed":
      return session === undefined ? [] : [sessionSpan(told, session)];
    default:
      return [];
  }
}
