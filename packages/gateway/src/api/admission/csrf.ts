import { timingSafeEqual } from "node:crypto";
import { ApiProblem } from "../contract/problems.ts";

/** What of a request says where it came from. */
export interface Provenance {
  readonly method: string;
  /** `Origin`: browsers send it with every unsafe request (Fetch Standard, section 3.1). */
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site`; left out by older browsers and by whatever is no browser. */
  readonly site: string | undefined;
  /** `Sec-Fetch-Mode`. */
  readonly mode: string | undefined;
  /** `x-mayfly-csrf`. */
  readonly csrf: string | undefined;
}

/**
 * Whether a request with a session's cookie comes from our own pages.
 * - Unsafe: its Origin is exactly ours, Sec-Fetch-Site (where sent) is same-origin, and it repeats the session's csrf,
 *   which only a page of ours can have read.
 * - Safe: not from another site, except that a person followed a link.
 * @param own the gateway's origin, for example https://mayfly.internal:8443
 * @param expected the session's csrf
 * @throws ApiProblem csrf (403)
 */
export function checkProvenance(request: Provenance, own: string, expected: string): void {
  const { method, origin, site, mode, csrf } = request;
  const safe = method === "GET" || method === "HEAD";
  if (safe) {
    if (site === undefined || site === "same-origin" || site === "none") return;
    if (mode === "navigate") return;
    throw refusal("another site asked for this in the browser's name");
  }
  if (origin !== own) throw refusal("the request's Origin is not this gateway's");
  if (site !== undefined && site !== "same-origin") throw refusal("another site sent this request");
  if (!same(csrf, expected)) throw refusal("the request does not repeat the session's csrf in x-mayfly-csrf");
}

function same(given: string | undefined, expected: string): boolean {
  if (given === undefined || given.length !== expected.length) return false;
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

function refusal(message: string): ApiProblem {
  return new ApiProblem("csrf", 403, message, "reload the page; GET /v1/session says the csrf of a session");
}
