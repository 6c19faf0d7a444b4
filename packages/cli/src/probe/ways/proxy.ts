import { isIP, isIPv4, isIPv6 } from "node:net";
import type { Duplex } from "node:stream";
import { connect as startTls } from "node:tls";
import { ask, dial } from "./connection.ts";
import { type Finding, TryEnded, whyEnded } from "./finding.ts";
import { askStatus, readHead } from "./web.ts";

/** A target, as a proxy is told it. */
export interface Beyond {
  /** A name or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

const authorityOf = ({ host, port }: Beyond): string => `${isIPv6(host) ? `[${host}]` : host}:${port}`;

const portsOf: Readonly<Record<string, number>> = {
  "http:": 80,
  "https:": 443,
  "socks:": 1080,
  "socks5:": 1080,
  "socks5h:": 1080,
};

/** Whether this kind of proxy can be tried. */
export function canTry(proxy: URL): boolean {
  return portsOf[proxy.protocol] !== undefined;
}

/** Connects to a proxy itself, at one of its addresses. @throws TryEnded */
async function reach(proxy: URL, address: string, ms: number): Promise<Duplex> {
  let connection: Duplex;
  try {
    connection = await dial({ host: address, port: portOf(proxy) }, ms);
  } catch (error) {
    if (!(error instanceof TryEnded)) throw error;
    const { found, detail } = error.finding;
    throw new TryEnded(found, `the proxy itself: ${detail}`);
  }
  // Its password goes to it alone.
  return proxy.protocol === "https:" ? verified(connection, hostOf(proxy), ms) : connection;
}

/** A proxy's host, without brackets. */
export const hostOf = (proxy: URL): string => proxy.hostname.replace(/^\[|\]$/g, "");

const portOf = (proxy: URL): number =>
  proxy.port === "" ? (portsOf[proxy.protocol] ?? 0) : Number(proxy.port);

function verified(connection: Duplex, host: string, ms: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = startTls({ socket: connection, ...(isIP(host) === 0 ? { servername: host } : { host }) });
    const give = (error: unknown): void => {
      clearTimeout(timer);
      socket.destroy();
      connection.destroy();
      reject(whyEnded(error));
    };
    const timer = setTimeout(() => give(new TryEnded("silent", "the proxy says nothing")), ms);
    socket.once("error", give);
    socket.once("secureConnect", () => {
      clearTimeout(timer);
      socket.off("error", give);
      socket.on("error", () => undefined);
      resolve(socket);
    });
  });
}

const userOf = (proxy: URL): string => decodeURIComponent(proxy.username);
const passwordOf = (proxy: URL): string => decodeURIComponent(proxy.password);

function authorizationOf(proxy: URL): readonly string[] {
  if (proxy.username === "" && proxy.password === "") return [];
  const basic = Buffer.from(`${userOf(proxy)}:${passwordOf(proxy)}`).toString("base64");
  return [`Proxy-Authorization: Basic ${basic}`];
}

const asksWho = (status: number): Finding => ({
  found: "other",
  detail: `the proxy asks who is there (${status}): whoever has a login for it may come through`,
});

/** What a proxy's answer to CONNECT says, where it is no yes (RFC 9110, sections 9.3.6 and 15). */
function refusalOf(status: number): Finding {
  if (status === 401 || status === 407) return asksWho(status);
  if (status === 403 || status === 405)
    return { found: "rejected", detail: `the proxy refuses it (${status})` };
  if (status === 502 || status === 504)
    return { found: "unreachable", detail: `the proxy does not reach it (${status})` };
  return { found: "other", detail: `the proxy answers ${status}` };
}

/** Opens a tunnel through a proxy. @param address one of the proxy's own @throws TryEnded */
export async function tunnel(proxy: URL, address: string, to: Beyond, ms: number): Promise<Duplex> {
  const connection = await reach(proxy, address, ms);
  try {
    if (proxy.protocol.startsWith("socks")) await socks(connection, proxy, to, ms);
    else await connectMethod(connection, proxy, to, ms);
    return connection;
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

async function connectMethod(connection: Duplex, proxy: URL, to: Beyond, ms: number): Promise<void> {
  const authority = authorityOf(to);
  const request = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`, ...authorizationOf(proxy), "", ""];
  const status = await ask(connection, request.join("\r\n"), readHead, ms);
  if (status >= 200 && status < 300) return;
  const { found, detail } = refusalOf(status);
  throw new TryEnded(found, detail);
}

/** Answers that may be the target's as well as the proxy's own. */
const DOUBTFUL = new Set([401, 403, 405, 502, 503, 504]);

/** Asks a proxy for an `http:` URL itself, as clients do (RFC 9112, section 3.2.2). @throws TryEnded */
export async function tryForward(proxy: URL, address: string, to: Beyond, ms: number): Promise<Finding> {
  const authority = authorityOf(to);
  const status = await askStatus({
    open: () => reach(proxy, address, ms),
    isSecure: false,
    name: undefined,
    authority,
    target: `http://${authority}/`,
    headers: authorizationOf(proxy),
    ms,
  });
  if (status === 407) return asksWho(status);
  if (DOUBTFUL.has(status))
    return { found: "other", detail: `the proxy, or the target behind it, answers ${status}` };
  return { found: "answered", detail: `HTTP answers ${status} through the proxy` };
}

/** Of a SOCKS server's reply (RFC 1928, section 6). */
const replies: Readonly<Record<number, Finding>> = {
  2: { found: "rejected", detail: "the proxy refuses it" },
  3: { found: "unreachable", detail: "the proxy does not reach its network" },
  4: { found: "unreachable", detail: "the proxy does not reach it" },
  5: { found: "refused", detail: "refused to the proxy" },
  6: { found: "timeout", detail: "no answer to the proxy" },
};

const exactly =
  (length: number) =>
  (soFar: Buffer): { says: Buffer; length: number } | undefined =>
    soFar.length < length ? undefined : { says: soFar.subarray(0, length), length };

const NO_SOCKS = "answers, and not as a SOCKS proxy does";

/** The sixteen bytes of an IPv6 address. */
function bytesOf6(address: string): Buffer {
  // A URL writes it in groups of hexadecimal digits alone (WHATWG URL, "IPv6 serializer").
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (text: string): string[] => text.split(":").filter((group) => group !== "");
  const [first, last] = [groups(head), groups(tail ?? "")];
  const between = Array.from({ length: 8 - first.length - last.length }, () => "0");
  const all = [...first, ...between, ...last].map((group) => Number.parseInt(group, 16));
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

/** An address as SOCKS writes it (RFC 1928, section 5). Exported for tests. */
export function socksAddress({ host, port }: Beyond): Buffer {
  const name = Buffer.from(host);
  const address = isIPv4(host)
    ? [Buffer.from([1]), Buffer.from(host.split(".").map(Number))]
    : isIPv6(host)
      ? [Buffer.from([4]), bytesOf6(host)]
      : [Buffer.from([3, name.length]), name];
  return Buffer.concat([Buffer.from([5, 1, 0]), ...address, Buffer.from([port >> 8, port & 0xff])]);
}

/** A reply, with the address that it names: four bytes, a name or sixteen. */
function readReply(soFar: Buffer): { says: number; length: number } | undefined {
  if (soFar.length < 5) return undefined;
  const kind = soFar[3];
  const size = kind === 1 ? 4 : kind === 4 ? 16 : kind === 3 ? 1 + (soFar[4] ?? 0) : undefined;
  if (soFar[0] !== 5 || size === undefined) throw new TryEnded("other", NO_SOCKS);
  const length = 4 + size + 2;
  return soFar.length < length ? undefined : { says: soFar[1] ?? 1, length };
}

/** SOCKS 5 (RFC 1928), with a user name and password where the URL has them (RFC 1929). */
async function socks(connection: Duplex, proxy: URL, to: Beyond, ms: number): Promise<void> {
  const [user, password] = [Buffer.from(userOf(proxy)), Buffer.from(passwordOf(proxy))];
  const methods = user.length > 0 ? [0, 2] : [0];
  const [version, method] = await ask(
    connection,
    Buffer.from([5, methods.length, ...methods]),
    exactly(2),
    ms,
  );
  if (version !== 5) throw new TryEnded("other", NO_SOCKS);
  if (method === 0xff) throw new TryEnded("other", "the proxy asks who is there");
  if (method === 2) {
    const login = Buffer.concat([
      Buffer.from([1, user.length]),
      user,
      Buffer.from([password.length]),
      password,
    ]);
    const [, status] = await ask(connection, login, exactly(2), ms);
    if (status !== 0) throw new TryEnded("rejected", "the proxy refuses its password");
  }
  const reply = await ask(connection, socksAddress(to), readReply, ms);
  if (reply === 0) return;
  const { found, detail } = replies[reply] ?? { found: "other", detail: `the proxy fails (${reply})` };
  throw new TryEnded(found, detail);
}
