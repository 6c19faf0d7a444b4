import type { Answer } from "./upstream.ts";

/** The one tool's definition; its digest is what `mayflyd pin` prints. */
export const tool = { name: "get_order", description: "One order", inputSchema: { type: "object" } };

/** Answers a message as an MCP server with one tool does (Streamable HTTP, an answer of JSON). */
function answerTo(message: { id?: number; method: string; params?: { protocolVersion?: string } }): unknown {
  const results: Readonly<Record<string, unknown>> = {
    initialize: {
      protocolVersion: message.params?.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: "crm", version: "1" },
    },
    "tools/list": { tools: [tool] },
    "tools/call": { content: [{ type: "text", text: "an order" }] },
  };
  return { jsonrpc: "2.0", id: message.id, result: results[message.method] ?? {} };
}

/** A server over HTTP that answers whoever `mayCall`. */
export const mcpServer =
  (mayCall: (authorization: string) => boolean = () => true, pause = 0): Answer =>
  async (request, response, body) => {
    if (!mayCall(request.headers.authorization ?? "")) {
      response.writeHead(401).end();
      return;
    }
    if (request.method !== "POST") {
      response.writeHead(405).end();
      return;
    }
    const message = JSON.parse(body) as Parameters<typeof answerTo>[0];
    if (message.id === undefined) {
      response.writeHead(202).end();
      return;
    }
    if (message.method === "tools/call") await new Promise((resolve) => setTimeout(resolve, pause));
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answerTo(message)));
  };

/** The same over standard input and output, for who has the right key in the environment. */
export const stdioServer = `
import { createInterface } from "node:readline";
const tool = ${JSON.stringify(tool)};
${answerTo.toString()}
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.id === undefined) continue;
  if (process.env.KEY !== "correct") process.exit(1);
  process.stdout.write(JSON.stringify(answerTo(message)) + "\\n");
}
`;
