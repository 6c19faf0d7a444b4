import { ClientError } from "./errors.ts";
import type { OutgoingRequest } from "./dispatch.ts";

/** A request's head as it is written, and how its body follows. */
export interface EncodedHead {
  readonly text: string;
  /** The body's length where it is known; undefined: it goes in chunks. */
  readonly length: number | undefined;
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const pathForm = /^\/[\x21-\x7e]*$/;
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const notValue = /[^\t\x20-\x7e\x80-\xff]/;
/** Headers of the connection and of the framing: this file alone writes them. */
const own: ReadonlySet<string> = new Set([
  "connection",
  "expect",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);
/** Methods whose request says that it has no body (RFC 9110, section 8.6). */
const EXPECTS_BODY: ReadonlySet<string> = new Set(["PATCH", "POST", "PUT"]);

/** Names that were checked before, in lower case. */
const knownNames = new Map<string, string>();
const MAX_KNOWN_NAMES = 256;

function lowerName(name: string): string {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  if (!token.test(name) || own.has(lower)) throw new ClientError("REQUEST_MALFORMED");
  if (knownNames.size < MAX_KNOWN_NAMES && name.length <= 64) knownNames.set(name, lower);
  return lower;
}

/**
 * Writes a request's head. A request that could be read in another way than it was meant is not written at all.
 * @param host what its Host header says, unless the request has one
 * @throws ClientError
 */
export function encodeRequestHead(request: OutgoingRequest, host: string): EncodedHead {
  const { method, path, headers, body, upgrade } = request;
  if (!token.test(method) || !pathForm.test(path)) throw new ClientError("REQUEST_MALFORMED");
  let lines = "";
  let named = host;
  let isHostNamed = false;
  let declared: string | undefined;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? "";
    const value = headers[at + 1] ?? "";
    const lower = lowerName(name);
    if (notValue.test(value)) throw new ClientError("REQUEST_MALFORMED");
    if (lower === "host") {
      if (isHostNamed) throw new ClientError("REQUEST_MALFORMED");
      isHostNamed = true;
      named = value;
    } else if (lower === "content-length") {
      if (declared !== undefined || !/^\d{1,15}$/.test(value)) throw new ClientError("REQUEST_MALFORMED");
      declared = value;
    } else lines += `${name}: ${value}\r\n`;
  }
  const length = lengthOf(body, declared);
  const connection = upgrade === undefined ? "keep-alive" : `upgrade\r\nupgrade: ${upgradeToken(upgrade)}`;
  const framing = framingLine(method, body, length, declared);
  return {
    text: `${method} ${path} HTTP/1.1\r\nhost: ${named}\r\nconnection: ${connection}\r\n${lines}${framing}\r\n`,
    length,
  };
}

function lengthOf(body: OutgoingRequest["body"], declared: string | undefined): number | undefined {
  if (body !== null && !Buffer.isBuffer(body)) return declared === undefined ? undefined : Number(declared);
  const length = body === null ? 0 : body.length;
  if (declared !== undefined && Number(declared) !== length) throw new ClientError("REQUEST_LENGTH_WRONG");
  return length;
}

function framingLine(
  method: string,
  body: OutgoingRequest["body"],
  length: number | undefined,
  declared: string | undefined,
): string {
  if (length === undefined) return "transfer-encoding: chunked\r\n";
  if (body === null && declared === undefined && !EXPECTS_BODY.has(method)) return "";
  return `content-length: ${length}\r\n`;
}

function upgradeToken(upgrade: string): string {
  // A protocol's name and version (RFC 9110, section 7.8).
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+)?$/.test(upgrade))
    throw new ClientError("REQUEST_MALFORMED");
  return upgrade;
}
