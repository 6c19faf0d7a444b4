import { createServer } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** One request as it arrived. */
export interface Arrived {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What the receiver answers: a status, or nothing at all. */
export type Reply = number | "silence";

/** A server that takes whatever is sent, and echoes Okta's verification challenge unless told otherwise. */
export async function startReceiver() {
  const arrived: Arrived[] = [];
  const replies: Reply[] = [];
  let echoes = true;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.once("end", () => {
      const { method = "", headers } = request;
      arrived.push({ method, headers, body: Buffer.concat(chunks).toString("utf8") });
      if (method === "GET") {
        const word = echoes ? headers["x-okta-verification-challenge"] : "something else";
        response.writeHead(200).end(JSON.stringify({ verification: word }));
        return;
      }
      const reply = replies.shift() ?? 204;
      if (reply !== "silence") response.writeHead(reply).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/signals`,
    arrived,
    posts: () => arrived.filter((one) => one.method === "POST"),
    /** What the next requests get, in turn; 204 after that. */
    reply: (...next: Reply[]) => void replies.push(...next),
    doNotEcho() {
      echoes = false;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
