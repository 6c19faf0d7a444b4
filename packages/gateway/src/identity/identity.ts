import type { Loan } from "./dpop/loans.ts";
import type { PresentedToken } from "./dpop/presented-token.ts";
import type { Requester } from "../kernel/requester.ts";
import type { Verified } from "./principal.ts";

/**
 * Called for a watched principal. `withdrawn` is final: everything they hold ends. `unknown`: what they use ends, and
 * they may use nothing until they show a token that verifies. `unproven`: what they use ends, and they may use nothing
 * until the provider confirms them again (`reverify`).
 */
export type Withdrawn = (reason: string, kind: "withdrawn" | "unknown" | "unproven") => void;

/** How a token is verified. */
export interface VerifyOptions {
  readonly introspect?: boolean;
  readonly shown?: PresentedToken | undefined;
}

/** Verifies who somebody is. Every HTTP request and every session start goes through it. */
export interface Identity {
  /**
   * Verifies an access token: locally, and by introspection (RFC 7662) too where that is configured and
   * `introspect` asks for it. One that is bound to a key (DPoP) is good with a proof of the request it is shown with.
   * @param options.shown that request; left out where no proof can be shown
   * @throws IdentityError, a MayflyError of status 401 (or 503 when the keys cannot be had), never with the token in it
   */
  verify(token: string, options?: VerifyOptions): Promise<Verified>;
  /**
   * The bearer that authenticates a request at the gateway's other endpoints while the request is served: the token
   * itself, or a loan where its proof has been used.
   */
  lend(token: string, shown: PresentedToken): Loan;
  /**
   * Watches a principal while they hold something, whatever credential they use: introspects the newest token that
   * they have shown, every `identity.agents.introspection.every`, and looks after `identity.agents.reverify`. Where
   * neither is configured it never calls.
   * @param withdrawn called with the reason, for example "the access token is no longer active"
   * @returns ends the watch
   */
  watch(principal: Requester, withdrawn: Withdrawn): () => void;
  /**
   * Why a watched principal may use nothing now, although their identity was not withdrawn: no good token of theirs is
   * known here. Undefined when they may.
   */
  unknown(principal: Requester): string | undefined;
  /**
   * Ensures that the last proof of an agent is recent enough (`reverify`); where it is not, asks the provider, if it
   * can be asked. Runs before every session; `verify` runs it too.
   * @returns why they may use nothing now; undefined when they may. Never rejects
   */
  prove(principal: Requester): Promise<string | undefined>;
  /** Fetches discovery and keys ahead of the first token; `readyz` waits for it. Never rejects. */
  warm(): Promise<void>;
  /** Undefined when tokens can be verified now, else why not. */
  readonly unavailable: string | undefined;
  /** Stops timers. */
  close(): void;
}
