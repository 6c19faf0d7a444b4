import type { HttpAct } from "../act.ts";

/**
 * Reads a request's text as `mayflyd judge` takes it: head and body, lines ending in CRLF or LF. As strict as the
 * gateway's own reader: what that would refuse is refused here.
 * @returns the request, or why it is none
 */
export function readRawRequest(text: string): HttpAct | { readonly why: string } {
  const ends = text.includes("\r\n") ? "\r\n" : "\n";
  const gap = text.indexOf(ends + ends);
  const head = gap === -1 ? text.replace(/(?:\r?\n)+$/, "") : text.slice(0, gap);
  const [first = "", ...lines] = head.split(ends);
  const line = /^(\S+) (\S+)(?: HTTP\/(1\.1|2))?$/.exec(first);
  if (line === null) return { why: "the first line is not METHOD TARGET HTTP/1.1" };
  const [, method = "", target = ""] = line;
  const headers: string[] = [];
  for (const each of lines) {
    const header = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e]*?)[ \t]*$/.exec(each);
    if (header === null) return { why: "a header's line is malformed" };
    headers.push(header[1] ?? "", header[2] ?? "");
  }
  const body = Buffer.from(gap === -1 ? "" : text.slice(gap + ends.length * 2));
  const framing = readFraming(headers, body);
  if ("why" in framing) return framing;
  const upgrade = valueOf(headers, "upgrade")?.toLowerCase();
  return {
    method,
    target,
    headers,
    body: framing.body.length === 0 ? { kind: "none" } : { kind: "read", bytes: framing.body },
    ...(upgrade === undefined ? {} : { upgrade }),
  };
}

function valueOf(headers: readonly string[], name: string): string | undefined {
  const at = headers.findIndex((each, index) => index % 2 === 0 && each.toLowerCase() === name);
  return at === -1 ? undefined : headers[at + 1];
}

/** The body as the head frames it (RFC 9112, section 6). */
function readFraming(
  headers: readonly string[],
  bytes: Buffer,
): { readonly body: Buffer } | { readonly why: string } {
  const length = valueOf(headers, "content-length");
  if (valueOf(headers, "transfer-encoding") !== undefined) return readChunks(bytes);
  if (length === undefined) return bytes.length === 0 ? { body: bytes } : { body: bytes };
  if (!/^\d{1,15}$/.test(length)) return { why: "the length is no number" };
  // A text in a file may end with a line break that is not the body's.
  if (bytes.length < Number(length)) return { why: "the body is shorter than its length" };
  return { body: bytes.subarray(0, Number(length)) };
}

function readChunks(bytes: Buffer): { readonly body: Buffer } | { readonly why: string } {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf("\r\n", at);
    const size = end === -1 ? undefined : /^([0-9A-Fa-f]{1,8})$/.exec(bytes.toString("latin1", at, end))?.[1];
    if (size === undefined) return { why: "a chunk's size is malformed" };
    const length = Number.parseInt(size, 16);
    at = end + 2;
    if (length === 0) {
      if (bytes.toString("latin1", at) !== "\r\n") return { why: "bytes follow the last chunk" };
      return { body: Buffer.concat(parts) };
    }
    if (bytes.toString("latin1", at + length, at + length + 2) !== "\r\n") return { why: "a chunk is torn" };
    parts.push(bytes.subarray(at, at + length));
    at += length + 2;
  }
}
