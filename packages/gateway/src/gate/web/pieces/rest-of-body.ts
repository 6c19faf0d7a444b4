import type { IncomingMessage } from "node:http";

/** Of a body that nobody wants, so much more is read, and for so long: bytes, milliseconds. */
const MAX_REST_BYTES = 1_048_576;
const MAX_REST_MS = 5000;

/**
 * Reads the rest of a body whose request is answered already, and throws it away: a client that still sends reads its answer
 * only afterwards, and would lose it to a reset if the connection were closed. One that sends on and on is cut.
 * @param request of HTTP/1.1, with a body of which more may come
 */
export function readRest(request: IncomingMessage): void {
  const { socket } = request;
  let left = MAX_REST_BYTES;
  const cut = setTimeout(() => socket.destroy(), MAX_REST_MS);
  cut.unref();
  request.on("data", (bytes: Buffer) => {
    left -= bytes.length;
    if (left < 0) socket.destroy();
  });
  request.once("close", () => clearTimeout(cut));
  request.once("end", () => clearTimeout(cut));
}
