/** Headers of an answer that do not come down: of the connection, or that lead the client past the gateway. */
const notDown = new Set([
  "alt-svc",
  "clear-site-data",
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-connection",
  "public-key-pins",
  "strict-transport-security",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/**
 * An answer's headers as they come down.
 * @param raw names and values in turn
 * @param cookies names of cookies that may come down
 * @param drop further headers that do not, in lower case
 */
export function headersDown(
  raw: readonly string[],
  cookies: readonly string[],
  drop: ReadonlySet<string>,
): [string, string][] {
  const down: [string, string][] = [];
  // RFC 9110, section 7.6.1: what the Connection header names is of that connection alone.
  const hops = new Set<string>();
  for (let i = 0; i + 1 < raw.length; i += 2)
    if ((raw[i] ?? "").toLowerCase() === "connection")
      for (const each of (raw[i + 1] ?? "").split(",")) hops.add(each.trim().toLowerCase());
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? "").toLowerCase();
    const value = raw[i + 1] ?? "";
    // Only the gateway's own answers have these: a client tells by them who speaks.
    if (name.startsWith("mayfly-")) continue;
    if (notDown.has(name) || drop.has(name) || hops.has(name)) continue;
    if (name === "set-cookie" && !cookies.includes(/^([^=;]+)=/.exec(value)?.[1]?.trim() ?? "")) continue;
    down.push([name, value]);
  }
  return down;
}
