import type { DirectPaths } from "../../gate/direct-paths.ts";
import { endpointOf } from "../../gate/web/endpoint-of.ts";
import type { McpTarget } from "./target.ts";

/** The ways to an MCP server beside the gateway. */
export function directPathsOf({ url, command }: McpTarget): DirectPaths {
  const credential =
    "make a new credential for the gateway alone, and revoke every key and token that agents had for what the server works on";
  if (url !== undefined)
    return { endpoints: [endpointOf(url)], isShared: true, neighbours: [], files: [], byHand: [credential] };
  return {
    endpoints: [],
    isShared: true,
    neighbours: [],
    files: [],
    byHand: [
      `the gateway starts ${command?.[0] ?? "the program"} itself, so no address leads to it: take it, and its entry in the agents' own MCP configuration, from their hosts`,
      credential,
    ],
  };
}
