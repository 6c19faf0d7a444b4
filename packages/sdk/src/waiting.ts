import { isPassing, MayflyError } from "./errors.ts";
import { pause } from "./helpers.ts";
import type { Transport } from "./transport.ts";
import type { Ask, Request } from "./types.generated.ts";

/** How to wait for a decision. */
export interface WaitOptions {
  /** Ends the waiting; the request itself stays pending. */
  readonly signal?: AbortSignal;
  /** Gives up after so many milliseconds; left out: when the request times out by itself. */
  readonly timeout?: number;
  /** Told at each look, every 30 s at most, what the request is while it still waits. */
  readonly onLook?: (request: Request) => void;
}

/** How an ask is sent. */
export interface AskOptions {
  readonly idempotencyKey?: string;
  /** The span that asks (W3C Trace Context); left out: the environment's `TRACEPARENT`. */
  readonly traceparent?: string;
}

/** What is not of this form is not sent: to whom it belongs is the gateway's to judge. */
const traceparentForm = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

function traceHeaders(given: string | undefined): Readonly<Record<string, string>> {
  const { process } = globalThis as { process?: { env?: Readonly<Record<string, string | undefined>> } };
  const traceparent = given ?? process?.env?.["TRACEPARENT"] ?? "";
  return traceparentForm.test(traceparent) ? { traceparent } : {};
}

/** Asks up to three times under one key: an answer that got lost must not leave a grant that nobody knows of. */
export async function createRequest(
  transport: Transport,
  ask: Ask,
  { idempotencyKey: key = crypto.randomUUID(), traceparent }: AskOptions = {},
): Promise<Request> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await transport.send({
        method: "POST",
        path: "/v1/requests",
        body: ask,
        headers: { "idempotency-key": key, ...traceHeaders(traceparent) },
      })) as Request;
    } catch (thrown) {
      const lost = thrown instanceof MayflyError && thrown.code === "unreachable";
      if (!lost || attempt === 3) throw thrown;
    }
  }
}

/** Failures in a row after which the waiting ends. */
const MAX_FAILURES = 5;

/** Long polls until a request is decided. */
export async function wait(transport: Transport, id: string, options: WaitOptions): Promise<Request> {
  const end = options.timeout === undefined ? Infinity : performance.now() + options.timeout;
  let failures = 0;
  for (;;) {
    const seconds = Math.max(0, Math.min(30, Math.ceil((end - performance.now()) / 1000)));
    try {
      const request = (await transport.send({
        method: "GET",
        path: `/v1/requests/${encodeURIComponent(id)}${seconds === 0 ? "" : `?wait=${seconds}s`}`,
        timeout: seconds * 1000 + 15_000,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      })) as Request;
      failures = 0;
      if (request.state !== "pending") return request;
      options.onLook?.(request);
    } catch (thrown) {
      // A gateway that restarts is back in a moment, and the request with it.
      failures += 1;
      if (!isPassing(thrown) || failures > MAX_FAILURES) throw thrown;
      await pause(failures * 500, options.signal);
    }
    if (performance.now() >= end) {
      throw new MayflyError(
        "not_approved_in_time",
        `nobody decided on request ${id} in time; it is still pending`,
        {
          hint: `wait longer, or withdraw it`,
          request: id,
        },
      );
    }
  }
}
