import type { Principal, Verified } from "./principal.ts";

/**
 * Told of a principal that is watched. `withdrawn`, once and for all: what they hold ends. `unknown`: what they use ends,
 * and they may use nothing until they show a token that verifies.
 */
export type Withdrawn = (reason: string, kind: "withdrawn" | "unknown") => void;

/** Verifies who somebody is. Every HTTP request and every session start goes through it. */
export interface Identity {
  /**
   * Verifies an access token: locally, and by introspection (RFC 7662) too where that is configured and
   * `introspect` asks for it.
   * @throws IdentityError, a MayflyError of status 401 (or 503 when the keys cannot be had), never with the token in it
   */
  verify(token: string, options?: { readonly introspect?: boolean }): Promise<Verified>;
  /**
   * Watches a principal while they hold something, whatever credential they use: introspects the newest token that
   * they have shown, every `identity.agents.introspection.every`. Where introspection is not configured it never calls.
   * @param withdrawn called with the reason, for example "the access token is no longer active"
   * @returns ends the watch
   */
  watch(principal: Principal, withdrawn: Withdrawn): () => void;
  /**
   * Why somebody who is watched may use nothing now, although their identity was not withdrawn: no good token of theirs
   * is known here. Undefined when they may.
   */
  unknown(principal: Principal): string | undefined;
  /** Fetches discovery and keys ahead of the first token; `readyz` waits for it. Never rejects. */
  warm(): Promise<void>;
  /** Undefined when tokens can be verified now, else why not. */
  readonly unavailable: string | undefined;
  /** Stops timers. */
  close(): void;
}
