import { createHash, randomBytes } from "node:crypto";

/** A handle, a binding or a cookie: 256 random bits as 43 characters of base64url, in their one canonical form. */
export function newBrowserSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** Whether a text has the form of one of them; anything else is not looked up. */
export function isBrowserSecret(text: string | undefined): text is string {
  return (
    text !== undefined &&
    /^[A-Za-z0-9_-]{43}$/.test(text) &&
    Buffer.from(text, "base64url").toString("base64url") === text
  );
}

/** SHA-256, hexadecimal, which is stored in place of the value. */
export function digestOfSecret(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
