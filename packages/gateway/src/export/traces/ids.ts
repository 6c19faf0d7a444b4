import { hash } from "node:crypto";
import {
  readTraceparent,
  type SessionTraces,
  type TraceParent,
  writeTraceparent,
} from "../../kernel/traceparent.ts";

/** What a span of Mayfly's is about; ids of one kind tell its spans apart. */
export type SpanKind = "request" | "decision" | "approval" | "grant" | "session" | "act";

/** The trace of a request. */
export interface RequestTrace {
  readonly traceId: string;
  /** The span that asked, where it said so. */
  readonly asker: TraceParent | undefined;
}

/**
 * The trace of a request: the asker's, or one that follows from the request's id, so that several gateways agree on it, and one
 * does with itself after a restart.
 */
export function traceOf(request: string, traceparent: unknown): RequestTrace {
  const asker = readTraceparent(traceparent);
  const traceId = asker?.traceId ?? hash("sha256", `mayfly trace\n${request}`).slice(0, 32);
  return { traceId, asker };
}

/** The span of a thing, always the same: what is sent twice is one span. */
export function spanIdOf(kind: SpanKind, id: string): string {
  return hash("sha256", `mayfly span\n${kind}\n${id}`).slice(0, 16);
}

/** @param log the log's id; @param intent the number of the act's record */
export function actSpanId(log: string, intent: number): string {
  return spanIdOf("act", `${log}\n${intent}`);
}

/** Makes what leaves with acts, so that it names the spans that the log's export will send. @param log the log's id */
export function sessionTraces(log: string): SessionTraces {
  return {
    of(request, traceparent) {
      const { traceId } = traceOf(request, traceparent);
      return {
        traceId,
        leaving: (intent) => writeTraceparent({ traceId, spanId: actSpanId(log, intent) }),
      };
    },
  };
}
