/**
 * How one request presents its access token: one object for each request. A proof is consumed once, so every later
 * check of the request must see the same object.
 */
export interface PresentedToken {
  /** The scheme of its Authorization header. */
  readonly scheme: "bearer" | "dpop";
  readonly method: string;
  /** The request's target as it came, with its query. */
  readonly target: string;
  /** The values of its DPoP headers (RFC 9449, section 4.1). */
  readonly proofs: readonly string[];
}
