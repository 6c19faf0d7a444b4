import type { DirectPaths, Endpoint } from "../../gate/direct-paths.ts";
import { endpointOf } from "../../gate/web/endpoint-of.ts";
import type { McpTarget } from "./target.ts";

/** Where an MCP server is; nowhere, of one that the gateway starts itself. */
export function endpointsOf({ url }: McpTarget): readonly Endpoint[] {
  return url === undefined ? [] : [endpointOf(url)];
}

/** The ways to an MCP server beside the gateway. */
export function directPathsOf(target: McpTarget): DirectPaths {
  const { url, command } = target;
  const endpoints = endpointsOf(target);
  const credential =
    "make a new credential for the gateway alone, and revoke every key and token that agents had for what the server works on";
  if (url !== undefined)
    return { endpoints, isShared: true, neighbours: [], files: [], byHand: [credential] };
  return {
    endpoints,
    isShared: true,
    neighbours: [],
    files: [],
    byHand: [
      `the gateway starts ${command?.[0] ?? "the program"} itself, so no address leads to it: take it, and its entry in the agents' own MCP configuration, from their hosts`,
      credential,
    ],
  };
}
