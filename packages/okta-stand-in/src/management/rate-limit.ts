import { OktaApiError } from "./okta-error.ts";

/** The calls of each client in the running window. */
export interface RateLimit {
  /** How many calls a client may make in a window; changes at once. */
  limit: number;
  /**
   * Counts a call.
   * @returns the headers of its answer
   * @throws OktaApiError (429) when the window's calls are used up
   */
  consume(client: string): Record<string, string>;
}

/** @param seconds how long a window is */
export function rateLimit(limit: number, seconds: number): RateLimit {
  const windows = new Map<string, { calls: number; until: number }>();
  return {
    limit,
    consume(client) {
      const now = Date.now();
      const known = windows.get(client);
      const window =
        known === undefined || known.until <= now ? { calls: 0, until: now + seconds * 1000 } : known;
      windows.set(client, window);
      window.calls += 1;
      const headers = {
        "x-rate-limit-limit": String(this.limit),
        "x-rate-limit-remaining": String(Math.max(0, this.limit - window.calls)),
        "x-rate-limit-reset": String(Math.ceil(window.until / 1000)),
      };
      if (window.calls <= this.limit) return headers;
      throw new OktaApiError(
        429,
        "E0000047",
        "API call exceeded rate limit due to too many requests.",
        headers,
      );
    },
  };
}
