/** Why a header of an answer does not come down as it is. */
type Reason =
  /** RFC 9110, section 7.6.1, and RFC 9113, section 8.2.2: of the connection, and its message's framing. */
  | "connection"
  /** A challenge or a proof of the upstream's: the client's bearer is the gateway's to ask for, and nobody else's. */
  | "authentication"
  /** Sets what a browser keeps for the gateway's whole origin, or lets pages of other origins read there. */
  | "origin"
  /** Sends the client elsewhere by itself. */
  | "elsewhere"
  /** An order to a server in front of the gateway. */
  | "server"
  /** The gateway's own voice. */
  | "gateway";

/** What becomes of an upstream's headers: those named here do not come down, and others do. */
const notDown: Readonly<Record<string, Reason>> = {
  connection: "connection",
  "http2-settings": "connection",
  "keep-alive": "connection",
  "proxy-connection": "connection",
  te: "connection",
  "transfer-encoding": "connection",
  upgrade: "connection",
  "authentication-control": "authentication",
  "authentication-info": "authentication",
  authorization: "authentication",
  "optional-www-authenticate": "authentication",
  "proxy-authenticate": "authentication",
  "proxy-authentication-info": "authentication",
  "proxy-authorization": "authentication",
  "www-authenticate": "authentication",
  "accept-ch": "origin",
  "clear-site-data": "origin",
  "critical-ch": "origin",
  "expect-ct": "origin",
  nel: "origin",
  "origin-agent-cluster": "origin",
  "permissions-policy": "origin",
  "public-key-pins": "origin",
  "public-key-pins-report-only": "origin",
  "report-to": "origin",
  "reporting-endpoints": "origin",
  "service-worker-allowed": "origin",
  "set-cookie2": "origin",
  "set-login": "origin",
  "strict-transport-security": "origin",
  "content-security-policy-report-only": "origin",
  "alt-svc": "elsewhere",
  refresh: "elsewhere",
  sourcemap: "elsewhere",
  "speculation-rules": "elsewhere",
  "x-sourcemap": "elsewhere",
  "x-lighttpd-send-file": "server",
  "x-reproxy-url": "server",
  "x-sendfile": "server",
  "x-sendfile2": "server",
};
const notDownFamilies: readonly (readonly [start: string, reason: Reason])[] = [
  ["access-control-", "origin"],
  ["x-accel-", "server"],
  ["mayfly-", "gateway"],
];

/** Relations of a Link by which a client fetches by itself (RFC 8297, section 2; HTML, "Link types"). */
const fetching =
  /rel\s*=\s*"?[^";,]*(?:preload|modulepreload|prefetch|preconnect|prerender|stylesheet|manifest|icon|pingback|service-?worker|compression-dictionary)/i;

/** Whether a header comes down as it is. @param name in lower case */
function comesDown(name: string, value: string): boolean {
  if (Object.hasOwn(notDown, name) || notDownFamilies.some(([start]) => name.startsWith(start))) return false;
  return name !== "link" || !fetching.test(value);
}

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
    if (!comesDown(name, value) || drop.has(name) || hops.has(name)) continue;
    if (name === "set-cookie" && !cookies.includes(/^([^=;]+)=/.exec(value)?.[1]?.trim() ?? "")) continue;
    down.push([name, value]);
  }
  return down;
}
