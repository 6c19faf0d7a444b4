import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { connectUpstream, type McpUpstream } from "../upstream/connect.ts";
import type { AnswerShare } from "../upstream/reading/share.ts";
import { targetSchema } from "../target.ts";

/** One request that came to the server. */
export interface Came {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The message, of a POST. */
  readonly message: Readonly<Record<string, unknown>>;
}

/** A server that answers what a test says, byte by byte, once the conversation has begun. */
export interface ScriptedServer {
  readonly url: string;
  /** Everything that came. */
  readonly came: Came[];
  /** Of each connection that was opened, whether it has closed. */
  readonly connections: { isClosed: boolean }[];
  connect(more?: Readonly<Record<string, unknown>>, share?: AnswerShare): Promise<McpUpstream>;
  close(): Promise<void>;
}

/** Answers in JSON. */
export function json(
  response: ServerResponse,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(200, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
}

/** Begins a stream of events. */
export function stream(response: ServerResponse, text = ""): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.flushHeaders();
  if (text !== "") response.write(text);
}

/** The answer to a request, as an event. */
export function answerEvent({ message }: Came, result: unknown = { content: [] }): string {
  return `data: ${JSON.stringify({ jsonrpc: "2.0", id: message["id"], result })}\n\n`;
}

/** How a scripted server begins. */
export interface Beginning {
  /** Headers of its first answer. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly version?: string;
  /** Messages without an answer that it does not take for as long as the test runs; answers to its own questions have no method. */
  readonly holds?: (method: unknown) => boolean;
}

/** @param answer answers what is neither `initialize` nor a message without an answer; DELETE and GET are among it */
export async function startScripted(
  answer: (came: Came) => void,
  beginning: Beginning = {},
): Promise<ScriptedServer> {
  const { headers = {}, version: protocolVersion = "2025-06-18", holds = () => false } = beginning;
  const came: Came[] = [];
  const connections: { isClosed: boolean }[] = [];
  const upstreams: McpUpstream[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => (text += part));
    request.on("end", () => {
      const message = (text === "" ? {} : JSON.parse(text)) as Came["message"];
      const one = { request, response, message };
      came.push(one);
      if (message["method"] === "initialize") {
        const result = { protocolVersion, capabilities: {}, serverInfo: { name: "x", version: "1" } };
        json(response, { jsonrpc: "2.0", id: message["id"], result }, headers);
      } else if (
        request.method === "POST" &&
        (message["method"] === undefined || message["id"] === undefined)
      ) {
        if (!holds(message["method"])) response.writeHead(202).end();
      } else answer(one);
    });
  });
  server.on("connection", (socket) => {
    const connection = { isClosed: false };
    connections.push(connection);
    socket.on("error", () => undefined).on("close", () => (connection.isClosed = true));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  return {
    url,
    came,
    connections,
    async connect(more = {}, share) {
      const target = targetSchema.parse({ url, ...more });
      const upstream = await connectUpstream(target, AbortSignal.timeout(60_000), share);
      upstreams.push(upstream);
      return upstream;
    },
    async close() {
      for (const each of upstreams) await each.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
