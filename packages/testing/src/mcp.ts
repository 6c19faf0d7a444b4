import { readFileSync } from "node:fs";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Agent, fetch as undiciFetch } from "undici";

/** What a tool said. */
export interface Said {
  readonly error: boolean;
  readonly text: string;
  readonly data: Record<string, unknown>;
}

/** A client of the official SDK, connected to a gateway. */
export interface McpUser {
  readonly client: Client;
  use(tool: string, args?: Record<string, unknown>): Promise<Said>;
  close(): Promise<void>;
}

/** Connects the SDK's client to a path of the gateway, trusting its local CA. */
export async function connectMcp(
  gateway: { readonly url: string; readonly caFile: string },
  token: string,
  path = "/mcp",
): Promise<McpUser> {
  const agent = new Agent({ connect: { ca: readFileSync(gateway.caFile) } });
  const client = new Client({ name: "test-agent", version: "1" });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(path, gateway.url), {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
      fetch: ((url: string | URL, init?: object) =>
        undiciFetch(url, { ...init, dispatcher: agent })) as unknown as typeof fetch,
    }),
  );
  return {
    client,
    async use(tool, args = {}) {
      const result = await client.callTool({ name: tool, arguments: args });
      const [first] = result.content as { text?: string }[];
      return {
        error: result.isError === true,
        text: first?.text ?? "",
        data: (result.structuredContent ?? {}) as Record<string, unknown>,
      };
    },
    async close() {
      await client.close();
      await agent.close();
    },
  };
}
