import type { Inventory } from "../../../gate/inventory/inventory.ts";
import type { McpScope } from "../scope.ts";
import { judgeOf } from "./judge.ts";
import { likenessOf } from "./likeness.ts";
import { propose } from "./propose.ts";
import { recorded } from "./recorded.ts";
import { shownCall } from "./shown.ts";
import { mcpSources } from "./sources.ts";
import { unused } from "./unused.ts";

/** How operations on an MCP server are proposed from what was called. */
export const mcpInventory: Inventory<McpScope> = {
  act: "message",
  structure: "what the server answers to tools/list, JSON",
  freely: "lists, pings and the beginning of sessions",
  sources: mcpSources,
  recorded,
  emptyHint: "does the recording hold what the client sent, and was it answered without an error?",
  formatHint:
    "of MCP: a JSON-RPC message a line, as tee writes what goes over standard input and output, or a HAR",
  within: () => undefined,
  targetDraft: (connection) => ({
    mcp: {
      url: `https://${connection}.internal/mcp`,
      headers: {
        authorization: { env: `${connection.toUpperCase().replaceAll(/[^A-Z0-9]+/gu, "_")}_AUTHORIZATION` },
      },
    },
  }),
  likeness: likenessOf,
  shown: shownCall,
  judge: judgeOf,
  propose,
  unused,
};
