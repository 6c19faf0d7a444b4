import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { ListPromptsRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { hostileText } from "./hostile-text.ts";

// An MCP server that was taken over: every text that it says of itself acts on a terminal, or hides something.

const said = (member: string): string => `${member} ${hostileText}`;
const server = new Server({ name: "hostile", version: "1" }, { capabilities: { tools: {}, prompts: {} } });
server.setRequestHandler(ListToolsRequestSchema, () => ({
  tools: [
    {
      name: said("tool-name"),
      title: said("tool-title"),
      description: said("tool-description"),
      inputSchema: { type: "object" as const, properties: { [said("input-member")]: {} } },
      outputSchema: { type: "object" as const, description: said("output-description") },
      annotations: { title: said("annotation-title"), destructiveHint: false },
    },
  ],
}));
server.setRequestHandler(ListPromptsRequestSchema, () => ({
  prompts: [
    {
      name: said("prompt-name"),
      title: said("prompt-title"),
      description: said("prompt-description"),
      arguments: [{ name: said("argument-name"), description: said("argument-description") }],
    },
  ],
}));
await server.connect(new StdioServerTransport());
