import type { Principal, Verified } from "./principal.ts";

/** Verifies who somebody is. Every HTTP request and every session start goes through it. */
export interface Identity {
  /**
   * Verifies an access token: locally, and by introspection (RFC 7662) too where that is configured and
   * `introspect` asks for it.
   * @throws IdentityError, a MayflyError of status 401 (or 503 when the keys cannot be had), never with the token in it
   */
  verify(token: string, options?: { readonly introspect?: boolean }): Promise<Verified>;
  /**
   * Watches that a principal's identity is not withdrawn while a session lives: introspects the newest token
   * it has shown, every `identity.agents.introspection.every`. Where introspection is not configured it never calls.
   * @param withdrawn called once with the reason, for example "token is no longer active"
   * @returns ends the watch
   */
  watch(principal: Principal, withdrawn: (reason: string) => void): () => void;
  /** Fetches discovery and keys ahead of the first token; `readyz` waits for it. Never rejects. */
  warm(): Promise<void>;
  /** Undefined when tokens can be verified now, else why not. */
  readonly unavailable: string | undefined;
  /** Stops timers. */
  close(): void;
}
