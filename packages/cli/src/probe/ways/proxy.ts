import { isIP, isIPv6 } from "node:net";
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

/** Connects to a proxy itself. @throws TryEnded */
async function reach(proxy: URL, ms: number): Promise<Duplex> {
  const host = proxy.hostname.replace(/^\[|\]$/g, "");
  const port = proxy.port === "" ? (portsOf[proxy.protocol] ?? 0) : Number(proxy.port);
  let connection: Duplex;
  try {
    connection = await dial({ host, port }, ms);
  } catch (error) {
    if (!(error instanceof TryEnded)) throw error;
    const { found, detail } = error.finding;
    throw new TryEnded(found, `the proxy itself: ${detail}`);
  }
  // Its password goes to it alone.
  return proxy.protocol === "https:" ? verified(connection, host, ms) : connection;
}

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

/** What a proxy's status says, where it is no yes (RFC 9110, sections 9.3.6 and 15). */
function refusalOf(status: number): Finding | undefined {
  if ([401, 403, 405, 407].includes(status))
    return { found: "rejected", detail: `the proxy refuses it (${status})` };
  if ([502, 504].includes(status))
    return { found: "unreachable", detail: `the proxy does not reach it (${status})` };
  return undefined;
}

/** Opens a tunnel through a proxy. @throws TryEnded */
export async function tunnel(proxy: URL, to: Beyond, ms: number): Promise<Duplex> {
  const connection = await reach(proxy, ms);
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
  const refusal = refusalOf(status);
  throw new TryEnded(refusal?.found ?? "other", refusal?.detail ?? `the proxy answers ${status}`);
}

/** Asks a proxy for an `http:` URL itself, as clients do (RFC 9112, section 3.2.2). @throws TryEnded */
export async function tryForward(proxy: URL, to: Beyond, ms: number): Promise<Finding> {
  const authority = authorityOf(to);
  const status = await askStatus({
    open: () => reach(proxy, ms),
    isSecure: false,
    name: undefined,
    authority,
    target: `http://${authority}/`,
    headers: authorizationOf(proxy),
    ms,
  });
  if (status === 503) return { found: "other", detail: `the proxy answers ${status}` };
  return refusalOf(status) ?? { found: "answered", detail: `HTTP answers ${status} through the proxy` };
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

function socksAddress({ host, port }: Beyond): Buffer {
  const text = Buffer.from(host);
  // As a name: each SOCKS 5 server takes an address written as one, and none has to be taken apart here.
  return Buffer.concat([
    Buffer.from([5, 1, 0, 3, text.length]),
    text,
    Buffer.from([Math.trunc(port / 256), port % 256]),
  ]);
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
  if (method === 0xff) throw new TryEnded("rejected", "the proxy refuses this host");
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
