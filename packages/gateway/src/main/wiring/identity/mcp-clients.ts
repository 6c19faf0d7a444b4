import type { Logger } from "pino";
import type { Configuration } from "../../../configuration/types.ts";
import { registrationPath } from "../../../api/mcp/authorization-server.ts";
import { createMcpClients, type McpClients } from "../../../identity/mcp-clients/mcp-clients.ts";
import type { Clock } from "../../../kernel/clock.ts";

/** How coding agents come to a client, as a configuration says; undefined where it says nothing. */
export function mcpClientsOf(
  { url, identity }: Configuration,
  clock: Clock,
  logger: Logger,
): McpClients | undefined {
  const { agents, mcpClients } = identity;
  const provider = agents.find(({ issuer }) => issuer === mcpClients?.issuer);
  if (mcpClients === undefined || provider === undefined) return undefined;
  return createMcpClients({
    provider,
    client: { ...mcpClients, scopes: provider.scopes },
    registration: `${url.replace(/\/+$/, "")}${registrationPath}`,
    clock,
    problem: (message) =>
      logger.warn({ problem: message }, "the provider's metadata for MCP clients cannot be used"),
  });
}

/** The scopes that clients are told to ask for: those of all providers of agents. */
export function scopesOf({ identity }: Configuration): readonly string[] {
  return [...new Set(identity.agents.flatMap(({ scopes }) => scopes))];
}
