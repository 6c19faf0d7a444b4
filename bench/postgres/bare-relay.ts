// What any gateway in Node costs at least: accepts, connects and copies bytes both ways, with the socket options that Mayfly
// sets, and looks at none of them. TLS, where a client asks for it, ends here as it does at Mayfly.
// `node bench/postgres/bare-relay.ts PORT SERVER-PORT CERTIFICATE KEY`
import { readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";

const [port, server, certificate = "", key = ""] = process.argv.slice(2);
const secureContext = createSecureContext({ cert: readFileSync(certificate), key: readFileSync(key) });

/** The SSLRequest that comes before TLS: its length, and a code (PostgreSQL's manual, "Message Formats"). */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** How long a silent connection waits before the kernel asks whether its peer is there. */
const KEEP_ALIVE_MS = 30_000;

function relay(client: Socket): void {
  const upstream = connect({
    host: "127.0.0.1",
    port: Number(server),
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  });
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    one.pipe(other);
    one.once("error", () => other.destroy());
    one.once("close", () => other.destroy());
  }
}

createServer({ noDelay: true, keepAlive: true }, (client) => {
  client.on("error", () => client.destroy());
  client.once("data", (first: Buffer) => {
    client.pause();
    if (!first.equals(SSL_REQUEST)) {
      client.unshift(first);
      relay(client);
      return;
    }
    client.write("S");
    relay(new TLSSocket(client, { isServer: true, secureContext }));
  });
}).listen(Number(port), "127.0.0.1");
