import { CLOCK_SKEW_MS } from "../tokens/check.ts";
import { signedByProvider } from "../tokens/signed-by-provider.ts";
import { isClaimName } from "../checks/names.ts";
import { IdentityError } from "../error.ts";
import { readToken } from "../tokens/token.ts";
import type { ReadToken } from "../tokens/token.ts";
import { SignalRefused } from "./signal-refused.ts";
import { asProvider } from "./sender.ts";
import type { Sender } from "./sender.ts";

/** What a message must match, besides its signature. */
export interface Expected<S extends Sender> {
  /** The one accepted `typ`; `application/` before it means the same (RFC 7515, section 4.1.9). */
  readonly type: string;
  /** Who may send it; the exact `iss` selects one. */
  readonly senders: readonly S[];
  /** Accepted values of `aud`. */
  readonly audiences: readonly string[];
  /** Wall clock, milliseconds since the epoch. */
  readonly now: number;
}

/** A message from a verified sender. */
export interface SignedMessage<S extends Sender> {
  readonly sender: S;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly jti: string;
  /** `iat`, milliseconds since the epoch. */
  readonly issuedAt: number;
}

/** Nothing of a provider but its algorithms is looked at by those checks. */
const anyProvider = asProvider({ issuer: "", outage: 0, allowInsecureLoopback: false });

/**
 * Reads a signed message and checks its type, sender, signature, audience and id, and that it is not from the future. Its
 * maximum age is for the channel to check.
 * @throws SignalRefused
 */
export async function readSignedMessage<S extends Sender>(
  text: string,
  { type, senders, audiences, now }: Expected<S>,
): Promise<SignedMessage<S>> {
  const token = read(text);
  checkType(token, type);
  const { iss, aud, jti } = token.claims;
  // Before the keys: another signer's message must not trigger a search for its key.
  const named = senders.filter(({ issuer }) => issuer === iss);
  if (named.length === 0)
    throw new SignalRefused(
      "issuer",
      "the message's issuer may not send here",
      "its iss is compared exactly: configure the org's URL and its custom domain, whichever signs",
    );
  const sender = await signerOf(token, named, now);
  const receivers: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!receivers.every((one) => typeof one === "string") || !audiences.some((one) => receivers.includes(one)))
    throw new SignalRefused(
      "audience",
      "the message is for another audience",
      `its aud must be ${audiences.join(" or ")}`,
    );
  if (!isClaimName(jti)) throw new SignalRefused("malformed", "the message has no usable jti");
  const issuedAt = timeOf(token.claims, "iat");
  if (issuedAt === undefined) throw new SignalRefused("malformed", "the message has no iat");
  if (issuedAt > now + CLOCK_SKEW_MS)
    throw new SignalRefused("time", "the message is from the future", "compare the clocks");
  return { sender, claims: token.claims, jti, issuedAt };
}

/**
 * A time claim in milliseconds; undefined when there is none.
 * @throws SignalRefused malformed when it is not a time (RFC 7519, section 2, NumericDate)
 */
export function timeOf(claims: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = claims[name];
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0)
    throw new SignalRefused("malformed", `the message's ${name} is not a time`);
  return value * 1000;
}

function read(text: string): ReadToken {
  try {
    return readToken(text);
  } catch (thrown) {
    if (!(thrown instanceof IdentityError)) throw thrown;
    throw new SignalRefused("malformed", "the message is not a signed JWT, or is too long", thrown.hint);
  }
}

function checkType({ header }: ReadToken, type: string): void {
  const { typ } = header;
  const said = typeof typ === "string" ? typ.toLowerCase() : "";
  if (said !== type && said !== `application/${type}`)
    throw new SignalRefused("type", `the message's type is not ${type}`);
}

/**
 * Finds the sender that signed it: one issuer may sign with its published keys, or with a SAML app's own.
 * @throws SignalRefused key, or keys_unavailable where it may be a sender whose keys cannot be fetched now
 */
async function signerOf<S extends Sender>(token: ReadToken, senders: readonly S[], now: number): Promise<S> {
  let refusal: SignalRefused | undefined;
  for (const sender of senders) {
    try {
      await checkSigned(token, sender, now);
      return sender;
    } catch (thrown) {
      if (!(thrown instanceof SignalRefused)) throw thrown;
      if (refusal?.why !== "keys_unavailable") refusal = thrown;
    }
  }
  throw refusal ?? new TypeError("nobody could have signed it");
}

async function checkSigned(token: ReadToken, { keys }: Sender, now: number): Promise<void> {
  try {
    for (const check of signedByProvider) await check(token, { provider: anyProvider, keys, now });
  } catch (thrown) {
    if (!(thrown instanceof IdentityError)) throw thrown;
    if (thrown.status === 503)
      throw new SignalRefused(
        "keys_unavailable",
        "the sender's keys cannot be fetched now",
        "send it again in a moment; the operator sees the cause in the log",
      );
    throw new SignalRefused("key", "the message is not signed by a key of its issuer's");
  }
}
