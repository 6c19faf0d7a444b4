import { createHmac } from "node:crypto";

/**
 * A secret that only the browser that began a sign-in can finish it with. It is derived from the browser's cookie and the
 * handle, and stored nowhere: whoever reads the store, or the address bar, cannot redeem a code.
 * @returns 43 characters of base64url: a PKCE verifier (RFC 7636, section 4.1) or a nonce
 */
export function deriveSignInSecret(binding: string, handle: string, what: "nonce" | "pkce"): string {
  return createHmac("sha256", binding).update(`${what} ${handle}`).digest("base64url");
}
