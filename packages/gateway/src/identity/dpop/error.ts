import { IdentityError } from "../error.ts";
import type { IdentityErrorCode } from "../error.ts";

/** The `error` of a challenge (RFC 9449, sections 7.1 and 9). */
export type DpopErrorWord = "invalid_token" | "invalid_dpop_proof" | "use_dpop_nonce";

/** What a client must know to present its token correctly. */
export interface DpopChallenge {
  readonly error: DpopErrorWord;
  /** The nonce that the next proof must have. */
  readonly nonce?: string;
}

/** An access token presented wrongly: bound to a key and without a valid proof, or the reverse. */
export class DpopError extends IdentityError {
  override readonly name = "DpopError";
  readonly challenge: DpopChallenge;

  constructor(code: IdentityErrorCode, challenge: DpopChallenge, message: string, hint?: string) {
    super(code, message, hint);
    this.challenge = challenge;
  }
}

/** The proof is invalid. */
export function badProof(why: string, hint?: string): DpopError {
  return new DpopError(
    "proof_invalid",
    { error: "invalid_dpop_proof" },
    `the DPoP proof is refused: ${why}`,
    hint ?? "make a fresh proof for every request (RFC 9449, section 4.2); the SDK and the mayfly CLI do",
  );
}
