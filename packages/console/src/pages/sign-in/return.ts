/**
 * A path of ours to go back to after signing in, or "/" for anything else: no other site, no other scheme, and
 * not the sign-in page itself.
 */
export function safeReturn(path: string | undefined): string {
  if (path === undefined || path.length > 1000 || !/^\/(?![/\\])[\u0021-\u007e]*$/.test(path)) return "/";
  if (path.includes("\\") || path.startsWith("/sign-in") || path.startsWith("/v1/")) return "/";
  return path;
}

/** A sign-in URL of the gateway's with the way back added. */
export function withReturn(url: string, path: string): string {
  return `${url}${url.includes("?") ? "&" : "?"}return=${encodeURIComponent(safeReturn(path))}`;
}
