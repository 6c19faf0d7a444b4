import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import type { Doors, WebAsk, WebResult } from "../../api/mcp/doors.ts";
import type { Front } from "../../gate/web/front.ts";
import { MayflyError, messageOf } from "../../kernel/errors.ts";
import { connectInMemory, type Ends } from "./memory.ts";

/** How long a request may take, milliseconds. */
const longest = 50_000;

/**
 * Makes the door: an HTTP client on a connection in memory, before the very front that the HTTPS port has.
 * @param front answers
 * @param url the gateway's own, without a slash at its end
 */
export function createWebDoor(front: Front, url: string): Doors["web"] {
  const { host } = new URL(url);
  const server = createServer((request, response) => front.request(request, response, false));
  return async (ask) => {
    // The client's own connection came over TLS, and this one leaves the process nowhere.
    const ends = connectInMemory(ask.address, { encrypted: true });
    const signal = AbortSignal.any([ask.signal, AbortSignal.timeout(longest)]);
    try {
      server.emit("connection", ends.server);
      const answer = await send(ends, ask, host, signal);
      return await read(answer, ask.bytes);
    } catch (error) {
      if (error instanceof MayflyError) throw error;
      const why = signal.aborted ? `no answer within ${longest / 1000}s` : messageOf(error);
      throw new MayflyError("no_answer", why, { status: 502, hint: "ask for less, or try again" });
    } finally {
      ends.client.destroy();
      ends.server.destroy();
    }
  };
}

function send(ends: Ends, ask: WebAsk, host: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      method: ask.method,
      path: `/${ask.kind}/${ask.connection}${ask.path}`,
      headers: {
        "user-agent": "mayfly-mcp",
        ...ask.headers,
        host,
        authorization: `Bearer ${ask.bearer}`,
        connection: "close",
        ...(ask.grant === undefined ? {} : { "mayfly-grant": ask.grant }),
        ...(ask.body === undefined ? {} : { "content-length": String(Buffer.byteLength(ask.body)) }),
      },
      createConnection: () => ends.client,
      signal,
    });
    outgoing.once("response", resolve);
    outgoing.once("error", reject);
    outgoing.end(ask.body);
  });
}

/** An answer with as much of its body as fits. */
export async function read(answer: IncomingMessage, most: number): Promise<WebResult> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > most) break;
  }
  const headers = Object.entries(answer.headersDistinct).map(([name, values]) => [
    name,
    (values ?? []).join(", "),
  ]);
  return {
    status: answer.statusCode ?? 0,
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: Buffer.concat(chunks).subarray(0, most),
    cut: length > most,
  };
}
