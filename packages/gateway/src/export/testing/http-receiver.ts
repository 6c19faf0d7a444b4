import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

/** A request as a receiver got it. */
export interface ReceivedPost {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  /** Unpacked. */
  readonly body: string;
}

/** A receiver on the loopback address that answers as a test says. */
export interface HttpReceiver {
  readonly url: string;
  readonly posts: readonly ReceivedPost[];
  close(): Promise<void>;
}

export type Answer = (post: ReceivedPost, response: ServerResponse, n: number) => void;

/** Answers with a status and JSON. */
export const json =
  (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer =>
  (_, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  };

/** @param tls certificate and key, PEM; left out: without TLS */
export async function httpReceiver(
  answer: Answer,
  tls?: { readonly certificate: string; readonly key: string },
): Promise<HttpReceiver> {
  const posts: ReceivedPost[] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = gunzipSync(Buffer.concat(chunks)).toString();
      posts.push({ path: request.url ?? "", headers: request.headers, body });
      answer(posts.at(-1) as ReceivedPost, response, posts.length);
    });
    response.on("error", () => undefined);
  };
  const server =
    tls === undefined
      ? createServer(listener)
      : createHttps({ cert: tls.certificate, key: tls.key }, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    posts,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
