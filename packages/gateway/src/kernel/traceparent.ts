/** A span of somebody else's, as a `traceparent` names it (W3C Trace Context, section 3.2). */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
}

/** Version 00 whole; of a later version only what is known of it today may be read. Lower case, as the grammar says. */
const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-[\x21-\x7e]{0,200})?$/;
/** Two hyphens, version and flags, and the two ids. */
const VERSION_0_LENGTH = 55;
const NO_TRACE = "0".repeat(32);
const NO_SPAN = "0".repeat(16);

/**
 * Reads a `traceparent`. What does not follow the grammar to the letter is as if there were none (W3C Trace Context,
 * section 4.3): no trace is continued, and nothing is refused for it.
 */
export function readTraceparent(text: unknown): TraceParent | undefined {
  if (typeof text !== "string") return undefined;
  const [, version, traceId = NO_TRACE, spanId = NO_SPAN] = form.exec(text) ?? [];
  if (version === undefined || version === "ff") return undefined;
  // More than these four fields is a later version's alone.
  if (version === "00" && text.length !== VERSION_0_LENGTH) return undefined;
  return traceId === NO_TRACE || spanId === NO_SPAN ? undefined : { traceId, spanId };
}

/** A `traceparent` that says that its span is recorded: all of Mayfly's are. */
export function writeTraceparent({ traceId, spanId }: TraceParent): string {
  return `00-${traceId}-${spanId}-01`;
}

/** The `traceparent` of a request's headers, names and values in turn; undefined where there is none, or several. */
export function traceparentAmong(rawHeaders: readonly string[]): string | undefined {
  let found: string | undefined;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== "traceparent") continue;
    if (found !== undefined) return undefined;
    found = rawHeaders[i + 1];
  }
  const parent = readTraceparent(found);
  // As it is understood, and nothing else that somebody wrote.
  return parent === undefined ? undefined : writeTraceparent(parent);
}

/** The trace of a session's request, while traces are exported. */
export interface SessionTrace {
  readonly traceId: string;
  /** @param intent the number of an act's record; @returns the `traceparent` that leaves with the act */
  leaving(intent: number): string;
}

/** Makes the traces of sessions. */
export interface SessionTraces {
  /** @param traceparent what came with the request, as it was read */
  of(request: string, traceparent: string | undefined): SessionTrace;
}
