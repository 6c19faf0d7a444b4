import type { Request } from "@mayfly/sdk/browser";
import { useState } from "react";

/** The request as the reviewer has seen it, and whether another one is on the screen now. */
export interface Seen {
  /** What a decision is bound to: the digest of the request that was on the screen when it was last looked at. */
  readonly digest: string;
  /** It changed since: nothing can be decided before the reviewer has looked again. */
  readonly changed: boolean;
  readonly lookAgain: () => void;
}

/**
 * Remembers the digest of a request when it is first shown. When the request changes under the reviewer's eyes, they
 * have to say that they saw it before they can decide: a click that was meant for the old one must not fall on the
 * new one.
 */
export function useSeen(request: Request): Seen {
  const [seen, setSeen] = useState({ id: request.id, digest: request.digest });
  const current = seen.id === request.id ? seen : { id: request.id, digest: request.digest };
  if (current !== seen) setSeen(current);
  return {
    digest: current.digest,
    changed: current.digest !== request.digest,
    lookAgain: () => setSeen({ id: request.id, digest: request.digest }),
  };
}
