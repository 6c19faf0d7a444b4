import { valuesIn } from "../http1/dispatch.ts";

/** Why a response header is not relayed unchanged. */
type Reason =
  /** RFC 9110, section 7.6.1, and RFC 9113, section 8.2.2: of the connection, and its message's framing. */
  | "connection"
  /** Authenticates on the upstream's behalf: only the gateway may ask for the client's bearer. */
  | "authentication"
  /** Sets what a browser keeps for the gateway's whole origin, or lets pages of other origins read there. */
  | "origin"
  /** Redirects the client automatically. */
  | "elsewhere"
  /** An order to a server in front of the gateway. */
  | "server"
  /** Reserved for the gateway's own answers. */
  | "gateway";

/** How each upstream header is treated: those named here are not relayed, all others are. */
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
  "dpop-nonce": "authentication",
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

/** Names that were looked up before, with whether they come down: servers send the same ones again and again. */
const knownNames = new Map<string, boolean>();
const MAX_KNOWN_NAMES = 256;

/** Whether a header of this name is relayed unchanged, whatever its value. @param name in lower case */
function isNameDown(name: string): boolean {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  const isDown = !Object.hasOwn(notDown, name) && !notDownFamilies.some(([start]) => name.startsWith(start));
  if (knownNames.size < MAX_KNOWN_NAMES && name.length <= 64) knownNames.set(name, isDown);
  return isDown;
}

/**
 * Whether a header is relayed unchanged.
 * @param name in lower case
 */
function comesDown(name: string, value: string): boolean {
  return isNameDown(name) && (name !== "link" || !fetching.test(value));
}

/** The names that a Connection header says are of that connection alone (RFC 9110, section 7.6.1). */
function hopsOf(values: readonly string[]): ReadonlySet<string> {
  return new Set(
    values
      .join(",")
      .split(",")
      .map((each) => each.trim().toLowerCase()),
  );
}

/**
 * An answer's headers as they come down.
 * @param headers names in lower case and values in turn
 * @param cookies names of cookies that may come down
 * @param drop further headers that do not, in lower case
 * @returns names and values in turn
 */
export function headersDown(
  headers: readonly string[],
  cookies: readonly string[],
  drop: ReadonlySet<string>,
): string[] {
  const down: string[] = [];
  const connection = valuesIn(headers, "connection");
  const hops = connection.length === 0 ? undefined : hopsOf(connection);
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? "";
    const value = headers[at + 1] ?? "";
    if (!comesDown(name, value) || drop.has(name) || hops?.has(name) === true) continue;
    if (name === "set-cookie" && !cookies.includes(/^([^=;]+)=/.exec(value)?.[1]?.trim() ?? "")) continue;
    down.push(name, value);
  }
  return down;
}
