import type { Duplex } from "node:stream";
import { ask, secured } from "./connection.ts";
import { type Finding, TryEnded } from "./finding.ts";

const UNREADABLE = "answers, and not as HTTP does";

/** A status line (RFC 9112, section 4), once the whole head is there. @throws TryEnded when it is none */
export function readHead(soFar: Buffer): { says: number; length: number } | undefined {
  const text = soFar.toString("latin1");
  const start = "HTTP/1.";
  if (!start.startsWith(text.slice(0, start.length)) && !text.startsWith(start))
    throw new TryEnded("other", UNREADABLE);
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const [, status] = /^HTTP\/1\.\d (\d{3})(?: |\r)/.exec(text) ?? [];
  if (status === undefined) throw new TryEnded("other", UNREADABLE);
  return { says: Number(status), length: end + 4 };
}

/** Where a request goes. */
export interface WebTry {
  /** Opens a connection to it. @throws TryEnded */
  readonly open: () => Promise<Duplex>;
  readonly isSecure: boolean;
  /** The host's name, where it has one. */
  readonly name: string | undefined;
  /** The Host header (RFC 9110, section 7.2). */
  readonly authority: string;
  /** The request's target: a path, or a whole URL for a proxy. */
  readonly target: string;
  readonly headers?: readonly string[];
  readonly ms: number;
}

const get = ({ authority, target, headers = [] }: WebTry): string =>
  [
    `GET ${target} HTTP/1.1`,
    `Host: ${authority}`,
    "User-Agent: mayfly-probe",
    "Connection: close",
    ...headers,
    "",
    "",
  ].join("\r\n");

/** Sends one request that carries no credential, and reads the answer's status. @throws TryEnded */
export async function askStatus(asked: WebTry): Promise<number> {
  const connection = await asked.open();
  try {
    const over = asked.isSecure ? await secured(connection, asked.name, asked.ms) : connection;
    return await ask(over, get(asked), readHead, asked.ms);
  } finally {
    connection.destroy();
  }
}

/**
 * Tries an API. Whoever speaks TLS there is reached, whatever it says then, unless it says that it takes nobody without a
 * certificate.
 * @throws TryEnded when there is no connection, or nothing that speaks TLS
 */
export async function tryWeb(asked: WebTry): Promise<Finding> {
  const connection = await asked.open();
  try {
    if (!asked.isSecure)
      return {
        found: "answered",
        detail: `HTTP answers ${await ask(connection, get(asked), readHead, asked.ms)}`,
      };
    const over = await secured(connection, asked.name, asked.ms);
    let last: unknown;
    // In TLS 1.3 the server asks for a certificate within the handshake, and says that it misses it after (RFC 8446, 4.4.2.4).
    over.on("error", (error) => (last = error));
    try {
      return {
        found: "answered",
        detail: `HTTPS answers ${await ask(over, get(asked), readHead, asked.ms)}`,
      };
    } catch (error) {
      const code = last instanceof Error && "code" in last ? String(last.code) : "";
      if (code === "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED")
        return { found: "rejected", detail: "takes nobody without a client certificate" };
      if (!(error instanceof TryEnded)) throw error;
      return { found: "answered", detail: `TLS answers, and then: ${error.finding.detail}` };
    }
  } finally {
    connection.destroy();
  }
}
