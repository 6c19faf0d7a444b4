// What any gateway on node:http and undici costs at least: takes requests, passes them on with a header of its own, and
// streams the answers back. It checks nothing and writes nothing down.
// `node bench/http/bare-relay.ts PORT TLS-PORT API-PORT CERTIFICATE KEY`
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { Pool } from "undici";

const [port, tlsPort, api, certificate = "", key = ""] = process.argv.slice(2);
const upstream = new Pool(`http://127.0.0.1:${api}`, { connections: 256 });

/** Headers of one connection alone (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "transfer-encoding", "host"]);

const endToEnd = (headers: IncomingMessage["headers"]): Record<string, string | string[]> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || HOP_BY_HOP.has(name) ? [] : [[name, value] as const],
    ),
  );

function relay(request: IncomingMessage, response: ServerResponse): void {
  upstream
    .stream(
      {
        path: request.url ?? "/",
        method: request.method ?? "GET",
        headers: { ...endToEnd(request.headers), authorization: "Bearer bench" },
        body: request.method === "GET" ? null : request,
      },
      ({ statusCode, headers }) => response.writeHead(statusCode, endToEnd(headers)),
    )
    .catch(() => response.destroy());
}

const options = { noDelay: true, keepAlive: true };
createServer(options, relay).listen(Number(port), "127.0.0.1");
createTlsServer({ ...options, cert: readFileSync(certificate), key: readFileSync(key) }, relay).listen(
  Number(tlsPort),
  "127.0.0.1",
);
