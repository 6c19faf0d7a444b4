import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { getDefaultEnvironment, StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { Agent, fetch as undiciFetch } from "undici";
import type { ToolDefinition } from "./definitions.ts";
import { type McpTarget, reveal } from "./target.ts";

/** A connection to an upstream MCP server, of one grant alone. */
export interface McpUpstream {
  /** Sends one request. @throws Error when the server or the transport fails, or `signal` aborts */
  request(
    method: string,
    params: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** Every tool that the server defines now. */
  tools(signal: AbortSignal): Promise<readonly ToolDefinition[]>;
  /** Every prompt that the server defines now; none of a server that knows no prompts. */
  prompts(signal: AbortSignal): Promise<readonly ToolDefinition[]>;
  close(): Promise<void>;
}

/** Pages of a list, and what they may hold. */
const mostPages = 50;
const mostTools = 2000;

function transportOf(target: McpTarget): Transport {
  if (target.command !== undefined) {
    const [command = "", ...args] = target.command;
    // Its environment is what the configuration says, and nothing of the gateway's own but the path on which the program
    // is found: the SDK would add the gateway's user, home and shell.
    const kept = Object.keys(getDefaultEnvironment()).filter((name) => name !== "PATH");
    const env = { ...Object.fromEntries(kept.map((name) => [name, undefined])), ...reveal(target.env) };
    return new StdioClientTransport({
      command,
      args,
      // Node leaves out what is undefined (child_process.spawn).
      env: env as Record<string, string>,
      stderr: "ignore",
    });
  }
  const agent = new Agent({
    connect: { rejectUnauthorized: true, ...(target.ca === undefined ? {} : { ca: target.ca.text() }) },
  });
  const fetcher = ((url: string | URL, init?: RequestInit) =>
    undiciFetch(url, {
      ...(init as object),
      dispatcher: agent,
      redirect: "error",
    } as never)) as unknown as typeof fetch;
  return new StreamableHTTPClientTransport(new URL(target.url ?? ""), {
    requestInit: { headers: reveal(target.headers) },
    fetch: fetcher,
  });
}

/**
 * Connects to an upstream server. It is told of no capability of the client: what it asks for (sampling, elicitation,
 * roots) is answered with "method not found".
 * @throws Error when it cannot be reached
 */
export async function connectUpstream(target: McpTarget, signal: AbortSignal): Promise<McpUpstream> {
  const client = new Client({ name: "mayfly", version: "1" }, { capabilities: {} });
  const { timeout } = target;
  await client.connect(transportOf(target), { timeout, signal });
  const request: McpUpstream["request"] = (method, params, ended) =>
    client.request({ method, params: { ...params } }, ResultSchema, {
      timeout,
      maxTotalTimeout: timeout,
      signal: ended,
    });
  const listed = async (
    kind: "tools" | "prompts",
    ended: AbortSignal,
  ): Promise<readonly ToolDefinition[]> => {
    const found: ToolDefinition[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < mostPages && found.length < mostTools; page += 1) {
      const answer = await request(`${kind}/list`, cursor === undefined ? {} : { cursor }, ended);
      const items: unknown = answer[kind];
      for (const each of Array.isArray(items) ? (items as unknown[]) : [])
        if (isDefinition(each)) found.push(each);
      const next = answer["nextCursor"];
      if (typeof next !== "string") return found;
      cursor = next;
    }
    return found;
  };
  return {
    request,
    tools: (ended) => listed("tools", ended),
    prompts: async (ended) =>
      client.getServerCapabilities()?.prompts === undefined ? [] : listed("prompts", ended),
    close: () => client.close(),
  };
}

function isDefinition(value: unknown): value is ToolDefinition {
  return typeof value === "object" && value !== null && "name" in value && typeof value.name === "string";
}
