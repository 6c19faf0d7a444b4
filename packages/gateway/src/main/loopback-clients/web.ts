import {
  type ClientRequest,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from "node:http";
import type { Loopback, LoopbackAnswer, LoopbackCaller, LoopbackRequest } from "../../gate/tools/loopback.ts";
import type { Router } from "../../gate/web/router.ts";
import { MayflyError, messageOf } from "../../kernel/errors.ts";
import { connectInMemory, type Ends } from "./memory.ts";

/** How long a request or an upgraded connection may take. */
const REQUEST_TIMEOUT_MS = 50_000;

/** What a request needs of its caller and its connection. */
type Head = Pick<LoopbackRequest, "connection" | "grant" | "path">;

/** Requests and upgrades under `/KIND/CONNECTION`, on connections in memory. */
export type WebLoopback = (kind: string, caller: LoopbackCaller) => Pick<Loopback, "request" | "upgrade">;

/**
 * Makes an HTTP client on connections in memory, before the very router that the HTTPS port has.
 * @param router answers
 * @param url the gateway's own, without a slash at its end
 */
export function createWebLoopback(router: Router, url: string): WebLoopback {
  const { host } = new URL(url);
  const server = createServer((request, response) => router.request(request, response, false));
  server.on("upgrade", (request, socket, head) => router.upgrade(request, socket, head));
  return (kind, caller) => {
    /** Does something on a connection of its own, which ends with it. */
    const onConnection = async <T>(use: (ends: Ends) => Promise<T>): Promise<T> => {
      // The client's own connection came over TLS, and this one leaves the process nowhere.
      const ends = connectInMemory(caller.address, { encrypted: true });
      const signal = AbortSignal.any([caller.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]);
      const cut = (): void => void ends.client.destroy();
      if (signal.aborted) cut();
      else signal.addEventListener("abort", cut, { once: true });
      try {
        server.emit("connection", ends.server);
        return await use(ends);
      } catch (error) {
        if (error instanceof MayflyError) throw error;
        const why = signal.aborted ? `no answer within ${REQUEST_TIMEOUT_MS / 1000}s` : messageOf(error);
        throw new MayflyError("no_answer", why, { status: 502, hint: "ask for less, or try again" });
      } finally {
        signal.removeEventListener("abort", cut);
        ends.client.destroy();
        ends.server.destroy();
      }
    };
    const begin = (ends: Ends, method: string, head: Head, headers: OutgoingHttpHeaders): ClientRequest =>
      httpRequest({
        method,
        path: `/${kind}/${head.connection}${head.path}`,
        headers: {
          "user-agent": "mayfly-mcp",
          ...headers,
          host,
          authorization: `Bearer ${caller.bearer}`,
          ...(head.grant === undefined ? {} : { "mayfly-grant": head.grant }),
        },
        createConnection: () => ends.client,
      });
    return {
      request: (ask) =>
        onConnection(async (ends) => {
          const outgoing = begin(ends, ask.method, ask, {
            ...ask.headers,
            connection: "close",
            ...(ask.body === undefined ? {} : { "content-length": String(Buffer.byteLength(ask.body)) }),
          });
          const answer = new Promise<IncomingMessage>((resolve, reject) => {
            outgoing.once("response", resolve);
            outgoing.on("error", reject);
          });
          outgoing.end(ask.body);
          return read(await answer, ask.bytes);
        }),
      upgrade: (ask, use) =>
        onConnection(async (ends) => {
          const outgoing = begin(ends, "GET", ask, { ...ask.headers, connection: "Upgrade" });
          const opened = new Promise<Parameters<typeof use>[0] | IncomingMessage>((resolve, reject) => {
            outgoing.once("upgrade", (_, socket, head) => resolve({ socket, head }));
            outgoing.once("response", resolve);
            outgoing.on("error", reject);
          });
          outgoing.end();
          const found = await opened;
          return "head" in found
            ? { kind: "upgraded", result: await use(found) }
            : { kind: "answer", answer: await read(found, ask.bytes) };
        }),
    };
  };
}

/** An answer with as much of its body as fits. */
async function read(answer: IncomingMessage, maxBytes: number): Promise<LoopbackAnswer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) break;
  }
  const headers = Object.entries(answer.headersDistinct).map(([name, values]) => [
    name,
    (values ?? []).join(", "),
  ]);
  return {
    status: answer.statusCode ?? 0,
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: Buffer.concat(chunks).subarray(0, maxBytes),
    cut: length > maxBytes,
  };
}
