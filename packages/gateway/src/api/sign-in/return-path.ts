/** Longer paths are no pages of ours. */
const longest = 1000;

/**
 * Where to go after a sign-in: a path of ours, or `/`. Whatever a browser could read as another site's address, or
 * as the sign-in again, is not taken.
 * @param own the gateway's origin
 */
export function safeReturn(wanted: string | undefined, own: string): string {
  if (wanted === undefined || wanted.length > longest) return "/";
  // Browsers drop tabs and line feeds, read `\` as `/`, and `//host` as another site (URL Standard, section 4.4).
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(wanted) || wanted.includes("\\")) return "/";
  const url = URL.parse(wanted, own);
  if (url === null || url.origin !== own) return "/";
  const path = url.pathname + url.search + url.hash;
  if (path.startsWith("//") || /^\/(sign-in|v1)(\/|\?|#|$)/.test(path)) return "/";
  return path;
}
