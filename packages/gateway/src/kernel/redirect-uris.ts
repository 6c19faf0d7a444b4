/** The longest redirect URI that is accepted, characters. */
const MAX_URI_CHARACTERS = 2048;

/** Schemes that a browser runs or reads itself, so that a code sent there reaches no client. */
const forbiddenSchemes: ReadonlySet<string> = new Set([
  "javascript:",
  "data:",
  "vbscript:",
  "file:",
  "blob:",
  "about:",
  "view-source:",
  "ws:",
  "wss:",
  "ftp:",
]);

const loopbackHosts = ["127.0.0.1", "localhost", "[::1]"] as const;

/** Loopback with any port: `http://127.0.0.1:*`, with a path after it or without (then any path). */
const anyPort = /^(http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])):\*(\/[A-Za-z0-9\-._~/]*)?$/;

/** Where native clients receive their code (RFC 8252, section 7.3): this machine, any port and path. */
export const loopbackRedirects: readonly string[] = loopbackHosts.map((host) => `http://${host}:*`);

/**
 * Checks an entry of an allow-list of redirect URIs: a whole URI, or a loopback address with any port.
 * @returns what is wrong with it, or undefined
 */
export function problemOfRedirect(entry: string): string | undefined {
  if (anyPort.test(entry)) return undefined;
  if (entry.includes("*")) return "* stands for the port of a loopback address alone";
  return problemOfUri(entry);
}

/** What is wrong with a redirect URI by itself, whoever allows it. */
function problemOfUri(uri: string): string | undefined {
  if (uri.length > MAX_URI_CHARACTERS) return `this is longer than ${MAX_URI_CHARACTERS} characters`;
  const url = URL.parse(uri);
  if (url === null) return "this is not a URI";
  // RFC 6749, section 3.1.2: no fragment. Two readers of a text that is not in its normal form may see two hosts.
  if (uri.includes("#")) return "a redirect URI has no fragment";
  if (url.username !== "" || url.password !== "") return "a redirect URI holds no user name or password";
  if (url.href !== uri && url.href !== `${uri}/`) return "this is not written in its normal form";
  if (forbiddenSchemes.has(url.protocol)) return "no client can be reached by this scheme";
  if (url.protocol === "http:" && !loopbackHosts.some((host) => host === url.hostname))
    return "http:// is for a loopback address alone";
  return undefined;
}

/**
 * Whether a client may be sent back to a URI: it is one of the list, or a loopback address of any port where the list says
 * so (RFC 8252, section 7.3). Everything else is compared character by character.
 */
export function allowsRedirect(allowed: readonly string[], uri: string): boolean {
  if (problemOfUri(uri) !== undefined) return false;
  return allowed.some((entry) => {
    const [, base, path] = anyPort.exec(entry) ?? [];
    if (base === undefined) return entry === uri;
    const url = new URL(uri);
    if (`${url.protocol}//${url.hostname}` !== base || url.search !== "") return false;
    return path === undefined || path === url.pathname;
  });
}
