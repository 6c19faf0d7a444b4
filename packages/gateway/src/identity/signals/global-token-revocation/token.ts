import { CLOCK_SKEW_MS } from "../../tokens/check.ts";
import { isClaimName } from "../../checks/names.ts";
import { SignalRefused } from "../signal-refused.ts";
import type { Sender } from "../sender.ts";
import { readSignedMessage, timeOf } from "../signed-message.ts";

/** `typ` of the JWT that authenticates a revocation. */
const TYPE = "global-token-revocation+jwt";

/** Maximum time between `iat` and `exp`, milliseconds; Okta's is five minutes. */
const MAX_LIFETIME_MS = 3_600_000;

/** Who may revoke, and for which apps at the provider. */
export interface RevocationExpectations<S extends Sender> {
  readonly senders: readonly S[];
  /** The endpoint's own URL, the one accepted `aud`. */
  readonly audiences: readonly string[];
  /** Accepted values of `sub`: client ids (OpenID Connect) and app instance ids (SAML). */
  readonly clients: readonly string[];
  readonly now: number;
}

/** A JWT that authenticates one revocation. */
export interface RevocationToken<S extends Sender> {
  readonly sender: S;
  readonly jti: string;
  readonly issuedAt: number;
  /** Until when the same id could be replayed, milliseconds since the epoch. */
  readonly until: number;
}

/**
 * Verifies the JWT of a revocation, except that its id comes only once.
 * @throws SignalRefused
 */
export async function readRevocationToken<S extends Sender>(
  text: string,
  { senders, audiences, clients, now }: RevocationExpectations<S>,
): Promise<RevocationToken<S>> {
  const message = await readSignedMessage(text, { type: TYPE, senders, audiences, now });
  const { claims, sender, jti, issuedAt } = message;
  const expires = timeOf(claims, "exp");
  if (expires === undefined) throw new SignalRefused("malformed", "the message has no exp");
  if (now >= expires + CLOCK_SKEW_MS) throw new SignalRefused("time", "the message has expired");
  if (expires <= issuedAt || expires - issuedAt > MAX_LIFETIME_MS)
    throw new SignalRefused("time", "the message is good for more than an hour, or for no time");
  const notBefore = timeOf(claims, "nbf");
  if (notBefore !== undefined && notBefore > now + CLOCK_SKEW_MS)
    throw new SignalRefused("time", "the message is not valid yet");
  const { sub } = claims;
  if (!isClaimName(sub) || !clients.includes(sub))
    throw new SignalRefused(
      "sender",
      "the message is of an app that may not revoke here",
      "its sub is the client id (OpenID Connect) or the app instance id (SAML): add it to identity.signals.global_token_revocation.clients",
    );
  return { sender, jti, issuedAt, until: expires + 2 * CLOCK_SKEW_MS };
}
