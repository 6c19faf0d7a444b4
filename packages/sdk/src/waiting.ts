import { MayflyError } from "./errors.ts";
import { pause } from "./helpers.ts";
import type { Transport } from "./transport.ts";
import type { Ask, Request } from "./types.generated.ts";

/** How to wait for a decision. */
export interface WaitOptions {
  /** Ends the waiting; the request itself stays pending. */
  readonly signal?: AbortSignal;
  /** Gives up after so many milliseconds; left out: when the request times out by itself. */
  readonly timeout?: number;
}

/** Asks up to three times under one key: an answer that got lost must not leave a grant that nobody knows of. */
export async function createRequest(
  transport: Transport,
  ask: Ask,
  key: string = crypto.randomUUID(),
): Promise<Request> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await transport.send({
        method: "POST",
        path: "/v1/requests",
        body: ask,
        headers: { "idempotency-key": key },
      })) as Request;
    } catch (thrown) {
      const lost = thrown instanceof MayflyError && thrown.code === "unreachable";
      if (!lost || attempt === 3) throw thrown;
    }
  }
}

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
    } catch (thrown) {
      // A gateway that restarts is back in a moment, and the request with it.
      const passing =
        thrown instanceof MayflyError && (thrown.code === "unreachable" || thrown.status === 503);
      failures += 1;
      if (!passing || failures > 5) throw thrown;
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
