import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CallToolRequestSchema,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { makeWorld, type World } from "../../../gate/testing/fakes.ts";
import { createRouter } from "../../../gate/web/router.ts";
import { systemClock } from "../../../kernel/clock.ts";
import { createMcp } from "../index.ts";
import { pinOf, pinOfPrompt, promptKey } from "../upstream/pins.ts";
import { checkScope, scopeSchema } from "../scope.ts";
import { targetSchema } from "../target.ts";

/** A tool of the upstream server. */
export interface Tool {
  name: string;
  description: string;
  inputSchema: { type: "object"; properties?: Record<string, object> };
}

/** A gateway's router before a real MCP server, and real clients of it. */
export interface Rig {
  readonly world: World;
  readonly url: string;
  /** Of the server itself. */
  readonly upstreamUrl: string;
  /** The upstream's tools; a test may change them. */
  readonly tools: Tool[];
  readonly prompts: {
    name: string;
    description?: string;
    arguments?: { name: string; description?: string }[];
  }[];
  /** What the server says beside what it is asked for. */
  extra: Record<string, unknown>;
  /** What every tool gives, where the test says it. */
  result: Record<string, unknown> | undefined;
  /** Calls that reached the upstream: tools and resources. */
  readonly calls: string[];
  /** Parameters of the tools' calls, as the upstream read them. */
  readonly params: unknown[];
  /** The `traceparent` of each request that reached the upstream. */
  readonly traceparents: unknown[];
  /** Waits before a call is answered. */
  hold: Promise<void> | undefined;
  /** A client of the SDK, connected with the agent's bearer. */
  client(): Promise<Client>;
  /** One message by hand. */
  post(body: string, headers?: Readonly<Record<string, string>>, method?: string): Promise<Response>;
  records(type: string): readonly Record<string, unknown>[];
  close(): Promise<void>;
}

export const bearer = "good.0oabot";

function listen(server: HttpServer): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

function upstreamServer(
  rig: Pick<Rig, "tools" | "prompts" | "calls" | "params" | "extra" | "result" | "hold">,
): Server {
  const server = new Server(
    { name: "crm", version: "1" },
    { capabilities: { tools: {}, resources: {}, prompts: {} } },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: rig.tools }));
  server.setRequestHandler(CallToolRequestSchema, async (request) => {
    rig.calls.push(request.params.name);
    rig.params.push(request.params);
    await rig.hold;
    if (rig.result !== undefined) return rig.result;
    return {
      content: [{ type: "text", text: `${request.params.name} ${JSON.stringify(request.params.arguments)}` }],
    };
  });
  server.setRequestHandler(ListResourcesRequestSchema, () => ({
    resources: [
      { uri: "crm://orders/1", name: "order", ...rig.extra, mimeType: "text/plain" },
      { uri: "crm://secrets/1", name: "secret" },
    ],
  }));
  server.setRequestHandler(ReadResourceRequestSchema, (request) => {
    rig.calls.push(request.params.uri);
    return { contents: [{ uri: request.params.uri, text: "an order", ...rig.extra }], ...rig.extra };
  });
  server.setRequestHandler(ListPromptsRequestSchema, () => ({ prompts: rig.prompts }));
  server.setRequestHandler(GetPromptRequestSchema, (request) => {
    rig.calls.push(request.params.name);
    const content = { type: "text" as const, text: "sum up", ...rig.extra };
    return { messages: [{ role: "user" as const, content }], ...rig.extra };
  });
  return server;
}

/** Starts it with one active grant of `operation`. */
export async function startRig(
  operation: unknown,
  unpinned: readonly string[] = [],
  pinnedPrompts: readonly string[] = [],
): Promise<Rig> {
  const state = {
    tools: [
      { name: "get_order", description: "One order", inputSchema: { type: "object" as const } },
      { name: "search_customers", description: "Customers", inputSchema: { type: "object" as const } },
      { name: "delete_order", description: "Deletes one", inputSchema: { type: "object" as const } },
    ] as Tool[],
    prompts: [
      { name: "summary", description: "A summary", arguments: [{ name: "id", description: "Which" }] },
      { name: "other" },
    ] as Rig["prompts"],
    extra: {} as Record<string, unknown>,
    result: undefined as Record<string, unknown> | undefined,
    calls: [] as string[],
    traceparents: [] as unknown[],
    params: [] as unknown[],
    hold: undefined as Promise<void> | undefined,
  };
  const upstream = createServer((request, response) => {
    state.traceparents.push(request.headers["traceparent"]);
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined } as never);
    void upstreamServer(state)
      .connect(transport as Transport)
      .then(() => transport.handleRequest(request, response));
  });
  const upstreamPort = await listen(upstream);
  const pins = Object.fromEntries(
    state.tools.filter(({ name }) => !unpinned.includes(name)).map((tool) => [tool.name, pinOf({ ...tool })]),
  );
  for (const prompt of state.prompts)
    if (pinnedPrompts.includes(prompt.name)) pins[promptKey(prompt.name)] = pinOfPrompt({ ...prompt });
  const target = targetSchema.parse({ url: `http://127.0.0.1:${upstreamPort}/mcp`, pins });
  const scope = scopeSchema.parse(operation);
  const problems = checkScope(scope);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const operations = new Map([
    ["read", { name: "read", description: "", risk: "low" as const, scope, digest: "d" }],
  ]);
  const world = makeWorld({ name: "crm", kind: "mcp", target, operations });
  world.activate("gr_0000000000000001", 60_000);
  const server = createServer((request, response) => router.request(request, response, false));
  const port = await listen(server);
  const url = `http://127.0.0.1:${port}`;
  const protocol = createMcp({ clock: systemClock, url: () => url });
  if (protocol.web === undefined) throw new Error("no handler");
  const router = createRouter(
    [{ kind: "mcp", handler: protocol.web, gate: world.gates.forProtocol(protocol) as never }],
    url,
    (error) => world.faults.push(error),
  );
  const clients: Client[] = [];
  return Object.assign(state, {
    world,
    url: `${url}/mcp/crm`,
    upstreamUrl: `http://127.0.0.1:${upstreamPort}/mcp`,
    async client() {
      const client = new Client({ name: "agent", version: "1" });
      await client.connect(
        new StreamableHTTPClientTransport(new URL(`${url}/mcp/crm`), {
          requestInit: { headers: { authorization: `Bearer ${bearer}` } },
        }) as Transport,
      );
      clients.push(client);
      return client;
    },
    post: (body: string, headers: Readonly<Record<string, string>> = {}, method = "POST") =>
      fetch(`${url}/mcp/crm`, {
        method,
        headers: {
          authorization: `Bearer ${bearer}`,
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          ...headers,
        },
        ...(method === "POST" ? { body } : {}),
      }),
    records: (type: string) =>
      world.log.written.filter((record) => record.type === type).map(({ detail }) => ({ ...detail })),
    async close() {
      for (const client of clients) await client.close().catch(() => undefined);
      world.end("gr_0000000000000001", { state: "released", words: "test over" });
      for (const each of [server, upstream]) {
        each.closeAllConnections();
        await new Promise((resolve) => each.close(resolve));
      }
    },
  });
}
