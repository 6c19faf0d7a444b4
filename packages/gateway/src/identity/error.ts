import { MayflyError } from "../kernel/errors.ts";

/** Every way a token can be refused, with the HTTP status it is reported under: 503 where the fault is not the token's, 429 where it is too many. */
const statuses = {
  token_malformed: 401,
  token_algorithm: 401,
  token_header: 401,
  token_type: 401,
  token_issuer: 401,
  token_key: 401,
  token_signature: 401,
  token_audience: 401,
  token_expired: 401,
  token_not_yet_valid: 401,
  token_lifetime: 401,
  token_claims: 401,
  token_inactive: 401,
  token_stale: 401,
  agent_inactive: 401,
  token_unbound: 401,
  proof_missing: 401,
  proof_invalid: 401,
  proof_nonce: 401,
  proofs_too_many: 429,
  keys_unavailable: 503,
  introspection_unavailable: 503,
} as const;

export type IdentityErrorCode = keyof typeof statuses;

/**
 * A token that was refused. Message and hint are for whoever sent it: they never hold the token or anything out
 * of it, and say nothing that a forger could learn from.
 */
export class IdentityError extends MayflyError {
  override readonly name: string = "IdentityError";

  constructor(code: IdentityErrorCode, message: string, hint?: string) {
    super(code, message, { status: statuses[code], ...(hint === undefined ? {} : { hint }) });
  }
}
