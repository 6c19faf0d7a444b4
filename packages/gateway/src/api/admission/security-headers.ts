/**
 * What every answer says to browsers; the console's pages replace the policy with their own. An answer of the API is
 * no page: nothing in it may run, be framed, or be read by another site.
 * @param url the gateway's own
 */
export function securityHeaders(url: string): Readonly<Record<string, string>> {
  const { hostname } = new URL(url);
  // On localhost it would also hold for every other server on that name, of whatever port.
  const pinned = hostname !== "localhost" && !hostname.endsWith(".localhost");
  return {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy":
      "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-permitted-cross-domain-policies": "none",
    ...(pinned ? { "strict-transport-security": "max-age=31536000" } : {}),
  };
}
