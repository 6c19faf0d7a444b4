import { webAccess } from "../../gate/access.ts";
import type { Protocol } from "../../gate/protocol.ts";
import type { Clock } from "../../kernel/clock.ts";
import { directPathsOf, endpointsOf } from "./direct-paths.ts";
import { compileScopes } from "./compile.ts";
import { mcpInventory } from "./inventory/inventory.ts";
import { handleRequest } from "./exchange.ts";
import type { McpAct, McpCover } from "./act.ts";
import { verdictOf } from "./judge.ts";
import { observedScope } from "./observed.ts";
import { reachOf } from "./reach.ts";
import { checkScope, type McpScope, notEnforceable, scopeSchema } from "./scope.ts";
import { type McpTarget, targetSchema } from "./target.ts";
import { trial } from "./trial.ts";
import { addressOf, probe } from "./upstream/probe.ts";
import { createUpstreams } from "./upstream/upstreams.ts";
import { actWords } from "./act-words.ts";
import { describeScope } from "./words.ts";

/** What the protocol needs of the process. */
export interface McpOptions {
  readonly clock: Clock;
  /** The gateway's own URL, without a slash at its end; asked when a client has to be told where it is. */
  readonly url: () => string;
}

/** MCP servers, under `/mcp/CONNECTION` (Streamable HTTP). */
export function createMcp({ clock, url }: McpOptions): Protocol<McpScope, McpAct, McpCover> {
  const options = {
    get url() {
      return url();
    },
    upstreams: createUpstreams(clock),
    now: () => clock.monotonic(),
  };
  return {
    kind: "mcp",
    target: targetSchema,
    scope: scopeSchema,
    notEnforceable,
    check: (scope) => checkScope(scope as McpScope),
    observed: observedScope,
    compile: (scopes) => {
      const compiled = compileScopes(scopes);
      return (act) => verdictOf(compiled, act);
    },
    trial: (scopes) => trial(scopes),
    describe: describeScope,
    reach: reachOf,
    words: actWords,
    address: (target) => addressOf(target as McpTarget),
    endpoints: (target) => endpointsOf(target as McpTarget),
    directPaths: (target) => directPathsOf(target as McpTarget),
    probe: (target, signal) => probe(target as McpTarget, () => clock.monotonic(), signal),
    access: (grant, endpoints) => webAccess("mcp", grant, endpoints),
    usage: (connection, gateway) => `the MCP server at ${gateway}/mcp/${connection}, with the same bearer`,
    inventory: mcpInventory,
    ready: () => Promise.resolve(),
    web: { request: (exchange, gate) => handleRequest(exchange, gate, options) },
  };
}
