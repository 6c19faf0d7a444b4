import { requesterKey } from "../../kernel/requester.ts";
import * as z from "zod";
import type { AnyProtocol } from "../../gate/protocol.ts";
import type { Tool, ToolFacts, ToolResult } from "../../gate/tools/tool.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { activeGrant, alternatives, held } from "./asking.ts";
import type { OwnToolCall } from "./own-tool.ts";
import { listOperations, myGrants, releaseAccess, requestAccess, waitForAccess } from "./requesting.ts";

/** What Mayfly's MCP server is told of a protocol. */
export type ToolSource = Pick<AnyProtocol, "kind" | "tools" | "usage">;

/** A tool as a client of MCP sees it. */
interface ListedTool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: { readonly type: "object" };
  readonly annotations: Readonly<Record<string, unknown>>;
}

/** A tool, whoever offers it. */
interface Entry extends ToolFacts {
  run(input: unknown, call: OwnToolCall): Promise<ToolResult>;
}

/** Every tool: Mayfly's own, and those that protocols offer. */
export interface Toolbox {
  /** In the order in which a client lists them. */
  readonly listed: readonly ListedTool[];
  find(name: string): Entry | undefined;
  /** How a grant on a connection is used, in words: the tools of its protocol, or what its protocol says. */
  usage(kind: string | undefined, connection: string, url: string): string;
}

const ownTools: readonly Tool<OwnToolCall>[] = [
  listOperations,
  requestAccess,
  waitForAccess,
  releaseAccess,
  myGrants,
];

/** A protocol's tool, run for whoever calls: with what they hold, and the protocol's endpoints in memory. */
function entryOf(kind: string, tool: Tool): Entry {
  return {
    ...tool,
    run(input, call) {
      const { services, principal, bearer, address, signal } = call;
      const { loopback } = services;
      if (loopback === undefined)
        throw new MayflyError("not_served", "this gateway serves no connections", { status: 503 });
      const caller = { bearer, principal: requesterKey(principal), address, signal };
      return loopback.lend(kind, caller, (lent) =>
        tool.run(input, {
          bearer,
          signal,
          loopback: lent,
          activeGrant: (by) => activeGrant(call, by),
          grantsOn: (connection) => held(call, connection),
          alternatives: (connection, has) => alternatives(call, connection, has),
        }),
      );
    },
  };
}

/**
 * Puts the tools together, once.
 * @throws TypeError when two have one name
 */
export function createToolbox(protocols: readonly ToolSource[]): Toolbox {
  const entries: readonly Entry[] = [
    ...ownTools,
    ...protocols.flatMap(({ kind, tools = [] }) => tools.map((tool) => entryOf(kind, tool))),
  ];
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  if (byName.size !== entries.length) throw new TypeError("two tools have one name");
  return {
    listed: entries.map(({ name, title, description, input, annotations }) => {
      const { $schema: _, ...inputSchema } = z.toJSONSchema(input, { io: "input" });
      return {
        name,
        title,
        description,
        inputSchema: inputSchema as { type: "object" },
        annotations: { title, ...annotations },
      };
    }),
    find: (name) => byName.get(name),
    usage(kind, connection, url) {
      const protocol = protocols.find((each) => each.kind === kind);
      const said = protocol?.usage?.(connection, url);
      if (said !== undefined) return said;
      const names = (protocol?.tools ?? []).map(({ name }) => name);
      return names.length > 0 ? names.join(", ") : "the protocol's own client: mayfly run";
    },
  };
}
