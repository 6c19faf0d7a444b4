import type { AuditRecord } from "../../audit/records.ts";
import type { TraceParent } from "../../kernel/traceparent.ts";

/** A value in the JSON of OTLP ("JSON Protobuf Encoding"): 64-bit numbers are text. */
export type AnyValue =
  | { readonly stringValue: string }
  | { readonly intValue: string }
  | { readonly boolValue: boolean }
  | { readonly arrayValue: { readonly values: readonly AnyValue[] } };

export interface Attribute {
  readonly key: string;
  readonly value: AnyValue;
}

/** A Span of OTLP 1.9, in JSON: ids in hexadecimal. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly flags: number;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string; readonly flags: number }[];
  readonly status?: { readonly code: number; readonly message?: string };
}

/** `SpanKind` of OTLP. */
export const kinds = { internal: 1, server: 2, client: 3 } as const;

/** `Status.StatusCode.STATUS_CODE_ERROR`. */
const ERROR = 2;
/** Recorded; and whether the parent is another process's is known (`SpanFlags`, trace.proto). */
const RECORDED = 0x101;
const REMOTE = 0x200;
/** Agents choose some of these texts. UTF-16 code units. */
const MAX_TEXT_LENGTH = 256;

/** What a span is made of. Times are milliseconds since the epoch. */
export interface SpanParts {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string | undefined;
  /** The parent is not Mayfly's. */
  readonly isRemote?: boolean;
  readonly name: string;
  readonly kind: keyof typeof kinds;
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly link?: TraceParent | undefined;
  /** Why it failed, as a code; undefined: it did not. */
  readonly error?: string | undefined;
}

/** A text as it may be sent: bounded, without half a character. */
export function bounded(text: string): string {
  return text.length <= MAX_TEXT_LENGTH ? text : text.slice(0, MAX_TEXT_LENGTH).toWellFormed();
}

function valueOf(value: unknown): AnyValue | undefined {
  if (typeof value === "string") return { stringValue: bounded(value) };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number" && Number.isSafeInteger(value)) return { intValue: String(value) };
  if (!Array.isArray(value)) return undefined;
  return { arrayValue: { values: (value as unknown[]).flatMap((one) => valueOf(one) ?? []) } };
}

/** @param given what is undefined is left out */
export function attributesOf(given: Readonly<Record<string, unknown>>): readonly Attribute[] {
  return Object.entries(given).flatMap(([key, one]) => {
    const value = valueOf(one);
    return value === undefined ? [] : [{ key, value }];
  });
}

/** Milliseconds as nanoseconds. */
const nanoseconds = (ms: number): string => `${ms}000000`;

export function spanOf(parts: SpanParts): Span {
  const { traceId, spanId, parentSpanId, link, error } = parts;
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    flags: parts.isRemote === true ? RECORDED | REMOTE : RECORDED,
    name: bounded(parts.name),
    kind: kinds[parts.kind],
    // A clock that was set back makes no span of less than nothing.
    startTimeUnixNano: nanoseconds(Math.min(parts.start, parts.end)),
    endTimeUnixNano: nanoseconds(parts.end),
    attributes: attributesOf({
      ...parts.attributes,
      ...(error === undefined ? {} : { "error.type": error }),
    }),
    ...(link === undefined ? {} : { links: [{ ...link, flags: RECORDED | REMOTE }] }),
    ...(error === undefined ? {} : { status: { code: ERROR } }),
  };
}

/** A span with nothing of what an agent wrote: what a receiver gets in the place of one that it refuses. */
export function bareSpan({
  traceId,
  spanId,
  parentSpanId,
  flags,
  kind,
  startTimeUnixNano,
  endTimeUnixNano,
}: Span): Span {
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    flags,
    name: "mayfly",
    kind,
    startTimeUnixNano,
    endTimeUnixNano,
    attributes: attributesOf({ "mayfly.omitted": true }),
  };
}

/** What every span says of where it comes from: `mayfly.record` is the record's number in the log, which is the authority. */
export function commonOf(record: AuditRecord, log: string): Readonly<Record<string, unknown>> {
  const { principal, request, grant, session, connection, policy } = record;
  const isHolder =
    principal !== undefined && principal.kind !== "system" && record.type !== "request.refused";
  return {
    "mayfly.record": `${log}:${record.seq}`,
    "mayfly.request": request,
    "mayfly.grant": grant,
    "mayfly.session": session,
    "mayfly.connection": connection,
    "mayfly.policy": policy,
    ...(isHolder
      ? { "user.id": principal.subject, "user.name": principal.name, "mayfly.issuer": principal.issuer }
      : {}),
  };
}

/** A moment that a record's detail names, or the record's own. */
export function momentOf(record: AuditRecord, ...members: readonly string[]): number {
  for (const member of members) {
    const value = record.detail[member];
    const at = typeof value === "string" ? Date.parse(value) : Number.NaN;
    if (!Number.isNaN(at)) return at;
  }
  return Date.parse(record.time);
}
