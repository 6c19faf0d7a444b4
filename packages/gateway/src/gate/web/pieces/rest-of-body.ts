import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import { valuesOf } from "../request-head.ts";

/** Of a body that nobody wants, so much more is read, and for so long: bytes, milliseconds. */
const MAX_REST_BYTES = 1_048_576;
const MAX_REST_MS = 5000;

/**
 * Reads the rest of a body whose request is answered already, and throws it away: a client that still sends reads its answer
 * only afterwards, and would lose it to a reset if the connection were closed. One that sends on and on is cut.
 * @param request of HTTP/1.1, with a body of which more may come
 */
export function readRest(request: IncomingMessage): void {
  // It has been read, by whoever answered.
  if (request.readableEnded) return;
  let left = MAX_REST_BYTES;
  const cut = setTimeout(() => request.destroy(), MAX_REST_MS);
  cut.unref();
  request.on("data", (bytes: Buffer) => {
    left -= bytes.length;
    if (left < 0) request.destroy();
  });
  request.once("close", () => clearTimeout(cut));
  request.once("end", () => clearTimeout(cut));
}

/**
 * Whether a request of HTTP/1.1 has a body of which more may come: what follows on its connection can be read only once that
 * body is.
 */
export function isUnread(request: IncomingMessage | Http2ServerRequest): boolean {
  if ("stream" in request || request.complete) return false;
  // Not `request.headers`: Node would make an object of all of them.
  const { rawHeaders } = request;
  const [length = "0"] = valuesOf(rawHeaders, "content-length");
  return length !== "0" || valuesOf(rawHeaders, "transfer-encoding").length > 0;
}

/**
 * Before an answer that does not wait for its request's body: what of that is still to come is read. (Of a client that waits
 * for 100 (Continue) Node itself ends the connection: what comes next may be the body or not; RFC 9110, section 10.1.1.)
 */
export function letBodyEnd({ req }: ServerResponse): void {
  if (isUnread(req)) readRest(req);
}
