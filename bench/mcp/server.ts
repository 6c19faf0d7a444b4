// An MCP server of the official SDK with one tool, over HTTP and over TLS, as its documentation shows one without sessions.
// `node bench/mcp/server.ts PORT TLS-PORT CERTIFICATE KEY`
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { tool } from "./tool.ts";

const [port, tlsPort, certificate = "", key = ""] = process.argv.slice(2);

function createToolServer(): Server {
  const server = new Server({ name: "bench", version: "1" }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [tool] }));
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => ({
    content: [
      { type: "text", text: JSON.stringify({ id: params.arguments?.["id"], note: "x".repeat(160) }) },
    ],
  }));
  return server;
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const server = createToolServer();
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
  response.once("close", () => void server.close());
  await server.connect(transport);
  await transport.handleRequest(request, response);
}

const handle = (request: IncomingMessage, response: ServerResponse): void => {
  serve(request, response).catch(() => response.destroy());
};
createServer(handle).listen(Number(port), "127.0.0.1");
createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) }, handle).listen(
  Number(tlsPort),
  "127.0.0.1",
);
