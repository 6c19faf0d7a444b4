import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer, ResourceTemplate } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { createRandom, type Random } from "@mayfly/testing/seeded/random.ts";
import * as z from "zod";

// Work of agents at a server of the official SDK, by its client, and what a recorder between the two writes.

const text = (
  said: unknown,
  isError = false,
): { content: { type: "text"; text: string }[]; isError: boolean } => ({
  content: [{ type: "text", text: JSON.stringify(said) }],
  isError,
});

/** A CRM with orders, tickets, reports and a database that anybody may ask. */
function createServer(): McpServer {
  const server = new McpServer({ name: "crm", version: "1.0.0" });
  const id = z.number().int();
  const tool = (name: string, inputSchema: z.ZodRawShape, readOnlyHint = false): void => {
    server.registerTool(
      name,
      { inputSchema, annotations: { readOnlyHint } },
      (given: Record<string, unknown>) =>
        Number(given["id"] ?? 1) > 990 ? text("there is none", true) : text(given),
    );
  };
  tool("search_customers", { q: z.string(), limit: z.number().int().optional() }, true);
  tool("get_customer", { id, include: z.enum(["orders", "tickets"]).optional() }, true);
  tool("get_order", { id }, true);
  tool(
    "list_orders",
    { status: z.string(), since: z.string().optional(), cursor: z.string().optional() },
    true,
  );
  tool("create_ticket", {
    title: z.string(),
    body: z.string(),
    priority: z.string(),
    tags: z.array(z.string()).optional(),
    notify: z.boolean(),
  });
  tool("add_comment", { id, text: z.string(), internal: z.boolean() });
  tool("manage_ticket", { id, action: z.string(), reason: z.string().optional() });
  tool("read_report", { path: z.string() }, true);
  tool("fetch_page", { url: z.string() }, true);
  tool("run_sql", { sql: z.string() });
  server.registerResource(
    "order",
    new ResourceTemplate("crm://orders/{id}", { list: undefined }),
    {},
    (uri) => ({ contents: [{ uri: uri.href, text: "an order" }] }),
  );
  server.registerPrompt("summary", { argsSchema: { id: z.string() } }, ({ id: of }) => ({
    messages: [{ role: "user", content: { type: "text", text: `Sum up ${of}` } }],
  }));
  return server;
}

const names = ["Ada Lovelace", "Grace", "Zoë O'Hara", "smith", "Ng"];
const words = "the parcel did not come and nobody answers since monday please call back".split(" ");
const some = (random: Random, count: number): string =>
  Array.from({ length: count }, () => random.pick(words)).join(" ");
const day = (random: Random): string => `2026-11-${String(random.between(0, 27) + 1).padStart(2, "0")}`;

type Ask = (client: Client, random: Random) => Promise<unknown>;
const call =
  (name: string, given: (random: Random) => Record<string, unknown>): Ask =>
  (client, random) =>
    client.callTool({ name, arguments: given(random) });

const asked = (random: Random): Record<string, unknown> => ({ id: random.between(0, 999) });
const maybe = (random: Random, given: Record<string, unknown>): Record<string, unknown> =>
  random.between(0, 2) === 0 ? given : {};

/** What each agent does, the frequent more than once. */
const work: Readonly<Record<string, readonly Ask[]>> = {
  "support-bot": [
    call("search_customers", (random) => ({
      q: random.pick(names),
      ...maybe(random, { limit: random.between(0, 49) }),
    })),
    call("get_customer", (random) => ({
      ...asked(random),
      ...maybe(random, { include: random.pick(["orders", "tickets"]) }),
    })),
    call("get_order", asked),
    call("get_order", asked),
    call("list_orders", (random) => ({
      status: random.pick(["open", "paid", "sent"]),
      ...maybe(random, { since: day(random) }),
      ...maybe(random, { cursor: `c${random.between(0, 999_999)}` }),
    })),
    call("create_ticket", (random) => ({
      title: some(random, 4),
      body: some(random, random.between(0, 59) + 1),
      priority: random.pick(["low", "high"]),
      ...maybe(random, { tags: [some(random, 1), some(random, 1)] }),
      notify: random.between(0, 1) === 0,
    })),
    call("add_comment", (random) => ({ ...asked(random), text: some(random, 12), internal: true })),
    (client, random) => client.readResource({ uri: `crm://orders/${random.between(0, 999)}` }),
  ],
  "ticket-bot": [
    call("manage_ticket", (random) => ({ ...asked(random), action: "get" })),
    call("manage_ticket", (random) => ({
      ...asked(random),
      action: random.pick(["close", "reopen"]),
      reason: some(random, 3),
    })),
    (client, random) =>
      client.getPrompt({ name: "summary", arguments: { id: String(random.between(0, 999)) } }),
  ],
  "report-bot": [
    call("read_report", (random) => ({
      path: `/srv/reports/${day(random).slice(0, 7)}/sales-${random.between(0, 39)}.csv`,
    })),
    call("fetch_page", (random) => ({
      url: `https://docs.example.com/guides/${random.pick(words)}?page=${random.between(0, 8)}`,
    })),
  ],
  "stray-bot": [
    call("run_sql", (random) => ({ sql: `select * from orders where id = ${random.between(0, 999)}` })),
  ],
};

/** What a recorder between client and server writes: a line a message, both ways. */
export interface Recording {
  readonly lines: readonly string[];
  /** What the server answered to `tools/list`. */
  readonly tools: string;
}

/** Lets agents do their work, each in a session of its own. @param times how often each of them acts */
export async function recordWork(seed: number, times: number): Promise<readonly Recording[]> {
  const random = createRandom(seed);
  const recordings: Recording[] = [];
  for (const [name, asks] of Object.entries(work)) {
    const lines: string[] = [];
    let at = Date.parse("2026-11-02T08:00:00Z");
    const [mine, theirs] = InMemoryTransport.createLinkedPair();
    record(mine, (message) => {
      at += random.between(0, 59999);
      lines.push(JSON.stringify({ timestamp: new Date(at).toISOString(), message }));
    });
    const server = createServer();
    const client = new Client({ name, version: "1.0.0" });
    await server.connect(theirs);
    await client.connect(mine);
    const tools = await client.listTools();
    const count = name === "stray-bot" ? 5 : times;
    for (let done = 0; done < count; done += 1) await random.pick(asks)(client, random);
    await client.close();
    recordings.push({ lines, tools: JSON.stringify(tools) });
  }
  return recordings;
}

/** Tells what goes through a transport, both ways. */
function record(transport: InMemoryTransport, told: (message: unknown) => void): Transport {
  const send = transport.send.bind(transport);
  transport.send = (message, options) => {
    told(message);
    return send(message, options);
  };
  let receive: Transport["onmessage"];
  Object.defineProperty(transport, "onmessage", {
    get: () => receive,
    set(handler: NonNullable<Transport["onmessage"]>) {
      receive = (message, extra) => {
        told(message);
        handler(message, extra);
      };
    },
  });
  return transport;
}
