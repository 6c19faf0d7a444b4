import { createHmac, timingSafeEqual } from "node:crypto";
import type { Secret } from "../../kernel/secret.ts";

/** A call may be this old, or this far ahead, milliseconds. */
export const MAX_CALL_AGE_MS: number = 5 * 60_000;

/**
 * Whether a call comes from Slack: its signature, version `v0`, HMAC-SHA256 over the version, the time stamp and the
 * body's bytes as they came (Slack, "Verifying requests from Slack").
 * @param now milliseconds since the epoch
 */
export function isFromSlack(
  raw: string,
  headers: { readonly timestamp: string | undefined; readonly signature: string | undefined },
  secret: Secret,
  now: number,
): boolean {
  const { timestamp, signature } = headers;
  if (timestamp === undefined || !/^\d{1,12}$/.test(timestamp)) return false;
  if (signature === undefined || !/^v0=[0-9a-f]{64}$/.test(signature)) return false;
  if (Math.abs(now - Number(timestamp) * 1000) > MAX_CALL_AGE_MS) return false;
  const expected = createHmac("sha256", secret.reveal()).update(`v0:${timestamp}:${raw}`).digest();
  return timingSafeEqual(expected, Buffer.from(signature.slice(3), "hex"));
}
