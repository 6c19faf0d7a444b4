import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2 } from "node:http2";
import { createServer as createHttps } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { makeCertificate } from "../../../packages/gateway/src/configuration/testing/certificate.ts";
import { issue, makeAuthority } from "../../../packages/gateway/src/main/tls/make-certificate.ts";

/** Answers one request of which everything has come. */
export type Answer = (
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
) => void | Promise<void>;

/** A server on the loopback address. */
export interface Upstream {
  readonly port: number;
  close(): Promise<void>;
}

/** How it speaks: `mutual` asks for the client's certificate. */
export type Speech = "http" | "http2" | "tls" | "mutual";

/** Certificates: the server's with its CA, a client's that the server takes, and others that nobody takes. */
export interface Certificates {
  readonly files: Readonly<Record<string, string>>;
  readonly server: { readonly cert: string; readonly key: string };
  /** From the same CA, for another host. */
  readonly elsewhere: { readonly cert: string; readonly key: string };
}

let made: Promise<Certificates> | undefined;

/** Made once: keys take time. */
export function certificates(): Promise<Certificates> {
  made ??= (async () => {
    const [authority, other, client, stranger] = [
      await makeAuthority(Date.now()),
      await makeAuthority(Date.now()),
      await makeCertificate(),
      await makeCertificate(),
    ];
    const server = await issue(authority, ["127.0.0.1", "localhost"], Date.now());
    const elsewhere = await issue(authority, ["elsewhere.internal"], Date.now());
    return {
      elsewhere: { cert: elsewhere.certificate, key: elsewhere.key },
      server: { cert: server.certificate, key: server.key },
      files: {
        "ca.pem": authority.certificate,
        "other-ca.pem": other.certificate,
        "server.pem": server.certificate,
        "server.key": server.key,
        "client.pem": client.certificate,
        "client.key": client.key,
        "stranger.pem": stranger.certificate,
        "stranger.key": stranger.key,
      },
    };
  })();
  return made;
}

/** Starts one. */
export async function startUpstream(answer: Answer, speech: Speech = "http"): Promise<Upstream> {
  const { server: own, files } = await certificates();
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => void answer(request, response, Buffer.concat(chunks).toString()));
  };
  const mutual = { ...own, requestCert: true, rejectUnauthorized: true, ca: files["client.pem"] };
  const server =
    speech === "http"
      ? createHttp(listener)
      : speech === "http2"
        ? createHttp2(listener as never)
        : createHttps(speech === "tls" ? own : mutual, listener);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
