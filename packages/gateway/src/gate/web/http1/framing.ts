import { ResponseError } from "./errors.ts";
import type { ResponseHead } from "./response-head.ts";

/** Where an answer's body ends (RFC 9112, section 6.3). */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "close" };

const none: Framing = { kind: "none" };
const chunked: Framing = { kind: "chunked" };
const untilClose: Framing = { kind: "close" };

/**
 * How an answer is framed.
 * @param method of the request that it answers
 * @throws ResponseError where two readers could find two ends
 */
export function framingOf(head: ResponseHead, method: string): Framing {
  const { status, contentLength, transferEncoding, minorVersion } = head;
  if (contentLength !== undefined && !/^\d{1,15}$/.test(contentLength))
    throw new ResponseError("ANSWER_LENGTH_MALFORMED");
  if (transferEncoding !== undefined) {
    if (contentLength !== undefined) throw new ResponseError("ANSWER_CODING_AND_LENGTH");
    // RFC 9112, section 6.1: framing by a server that does not know HTTP/1.1 is faulty.
    if (minorVersion === 0) throw new ResponseError("ANSWER_CODING_WITHOUT_HTTP_1_1");
    if (transferEncoding.toLowerCase() !== "chunked") throw new ResponseError("ANSWER_CODING_UNKNOWN");
  }
  if (status < 200) {
    // RFC 9110, section 15.2: HTTP/1.0 has no interim answers, so one reader waits for more and another does not.
    if (minorVersion === 0) throw new ResponseError("ANSWER_INTERIM_WITHOUT_HTTP_1_1");
    if (transferEncoding !== undefined || Number(contentLength ?? 0) > 0)
      throw new ResponseError("ANSWER_INTERIM_WITH_BODY");
    // RFC 9112, section 9.6: after "close" one reader looks for no more answers, and another for the final one.
    if (saysClose(head.connection)) throw new ResponseError("ANSWER_INTERIM_CLOSES");
    return none;
  }
  if (method === "HEAD" || status === 204 || status === 304) return none;
  if (transferEncoding !== undefined) return chunked;
  if (contentLength === undefined) return untilClose;
  return contentLength === "0" ? none : { kind: "length", length: Number(contentLength) };
}

/** Whether the connection may carry another request once the answer is whole (RFC 9112, section 9.3). */
export function isPersistent(head: ResponseHead, framing: Framing): boolean {
  if (head.minorVersion === 0 || framing.kind === "close") return false;
  // A body that must not be there would be read as the next answer.
  if (head.status === 204 && (head.transferEncoding !== undefined || Number(head.contentLength ?? 0) > 0))
    return false;
  return !saysClose(head.connection);
}

/** Whether Connection headers hold the option "close" (RFC 9112, section 9.6). */
function saysClose(connection: string): boolean {
  return connection !== "" && /(?:^|[,\t ])close(?:$|[,\t ])/i.test(connection);
}

/** How long a server keeps an idle connection, by its own word, milliseconds; undefined: it gave none. */
export function keepAliveHint({ keepAlive }: ResponseHead): number | undefined {
  if (keepAlive === "") return undefined;
  const seconds = /(?:^|[,\t ])timeout=(\d{1,6})/i.exec(keepAlive)?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
