import { readTraceparent, traceparentAmong, type SessionTrace } from "../../../kernel/traceparent.ts";
import type { Permit } from "../../permit.ts";

const untouched: Readonly<Record<string, string | undefined>> = {};

/**
 * The headers by which an act's upstream continues its trace. They take the place of the client's; undefined removes one:
 * a `tracestate` belongs to the trace that it came with (W3C Trace Context, section 3.3.1.4). Without a trace of ours
 * the client's pass as they came.
 * @param sent the client's own `traceparent`
 */
export function traceHeaders(
  trace: SessionTrace | undefined,
  { intent }: Pick<Permit<unknown>, "intent">,
  sent: string | undefined,
): Readonly<Record<string, string | undefined>> {
  if (trace === undefined) return untouched;
  const traceparent = trace.leaving(intent);
  return readTraceparent(sent)?.traceId === trace.traceId
    ? { traceparent }
    : { traceparent, tracestate: undefined };
}

/** The client's own `traceparent`; not looked for without a trace of ours. */
export function sentTraceparent(
  { trace }: { readonly trace?: SessionTrace | undefined },
  rawHeaders: readonly string[],
): string | undefined {
  return trace === undefined ? undefined : traceparentAmong(rawHeaders);
}
