import { IncomingMessage } from "node:http";
import type { ServerResponse } from "node:http";

/** Reads a whole body. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Reads a form body (application/x-www-form-urlencoded). */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  return new URLSearchParams((await readBody(request)).toString("utf8"));
}

/** The same request with its body still to be read, for the next handler. */
export function withBody(request: IncomingMessage, body: Buffer): IncomingMessage {
  const again = new IncomingMessage(request.socket);
  Object.assign(again, { method: request.method, url: request.url, headers: request.headers });
  again.rawHeaders = request.rawHeaders;
  // Destroying a message that is not complete destroys its socket.
  again.complete = true;
  again.push(body);
  again.push(null);
  return again;
}

/** Answers with JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store", ...headers });
  response.end(JSON.stringify(body));
}

/** Client id and secret of an HTTP Basic header, form-decoded as RFC 6749, section 2.3.1 has it. */
export function basicCredentials(request: IncomingMessage): { id: string; secret: string } | undefined {
  const match = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(request.headers.authorization ?? "");
  if (match?.[1] === undefined) return undefined;
  const [id, secret, ...rest] = Buffer.from(match[1], "base64")
    .toString("utf8")
    .split(":")
    .map((part) => decodeURIComponent(part.replaceAll("+", " ")));
  return id === undefined || secret === undefined || rest.length > 0 ? undefined : { id, secret };
}
