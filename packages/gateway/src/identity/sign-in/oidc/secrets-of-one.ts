import { createHmac } from "node:crypto";

/**
 * What only the browser that began a sign-in can finish it with. Derived from its cookie and the handle, so that
 * nothing of it is stored: whoever reads the store, or the address bar, cannot redeem a code.
 * @returns 43 characters of base64url: a PKCE verifier (RFC 7636, section 4.1) or a nonce
 */
export function secretOfSignIn(binding: string, handle: string, what: "nonce" | "pkce"): string {
  return createHmac("sha256", binding).update(`${what} ${handle}`).digest("base64url");
}
