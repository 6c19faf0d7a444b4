import { AsyncLocalStorage } from "node:async_hooks";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { getDefaultEnvironment, StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { Agent, fetch as undiciFetch } from "undici";
import { MAX_MCP_ANSWER_BYTES } from "../../gate/bounds.ts";
import { AnswerTooLarge, type AnswerShare, boundEvents, readAnswer } from "./answer-reader.ts";
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

/**
 * The signal of the call that is being sent: the SDK cancels a call with a message, and leaves its request over HTTP open for
 * as long as the server likes.
 */
const calls = new AsyncLocalStorage<AbortSignal>();

/** Pages of a list, and what they may hold. */
const mostPages = 50;
const mostTools = 2000;

function transportOf(
  target: McpTarget,
  share: AnswerShare | undefined,
  over: (error: Error) => void,
): Transport {
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
      maxBufferSize: MAX_MCP_ANSWER_BYTES,
    });
  }
  const agent = new Agent({
    connect: { rejectUnauthorized: true, ...(target.ca === undefined ? {} : { ca: target.ca.text() }) },
  });
  const fetcher = async (url: string | URL, init?: RequestInit): Promise<Response> => {
    const own = calls.getStore();
    const signals = [init?.signal, own].filter((signal) => signal instanceof AbortSignal);
    const answer = (await undiciFetch(url, {
      ...(init as object),
      ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }),
      dispatcher: agent,
      redirect: "error",
    } as never)) as unknown as Response;
    if (answer.body === null) return answer;
    const type = answer.headers.get("content-type") ?? "";
    return answer.ok && /^application\/json/i.test(type)
      ? readAnswer(answer, share)
      : boundEvents(answer, over);
  };
  return new StreamableHTTPClientTransport(new URL(target.url ?? ""), {
    requestInit: { headers: reveal(target.headers) },
    fetch: fetcher as unknown as typeof fetch,
  });
}

/**
 * Connects to an upstream server. It is told of no capability of the client: what it asks for (sampling, elicitation,
 * roots) is answered with "method not found".
 * @param share where what its answers take counts
 * @throws Error when it cannot be reached
 */
export async function connectUpstream(
  target: McpTarget,
  signal: AbortSignal,
  share?: AnswerShare,
): Promise<McpUpstream> {
  const client = new Client({ name: "mayfly", version: "1" }, { capabilities: {} });
  const { timeout } = target;
  /** Told when an answer turns out too large in the middle of a stream: whose it is is not known then. */
  const pending = new Set<(error: Error) => void>();
  const over = (error: Error): void => {
    for (const reject of pending) reject(error);
    void client.close();
  };
  // The SDK's client has no listeners of another kind.
  // oxlint-disable-next-line unicorn/prefer-add-event-listener
  client.onerror = (error) => {
    // The SDK says so of a program's answer in these words alone.
    if (/exceeded maximum size/.test(error.message)) over(new AnswerTooLarge());
  };
  await client.connect(transportOf(target, share, over), { timeout, signal });
  const request: McpUpstream["request"] = async (method, params, ended) => {
    let stop: (error: Error) => void = () => undefined;
    const tooLarge = new Promise<never>((_, reject) => {
      stop = reject;
    });
    pending.add(stop);
    const finished = new AbortController();
    try {
      const answer = calls.run(finished.signal, () =>
        client.request({ method, params: { ...params } }, ResultSchema, {
          timeout,
          maxTotalTimeout: timeout,
          signal: ended,
        }),
      );
      return await Promise.race([answer, tooLarge]);
    } finally {
      pending.delete(stop);
      finished.abort();
    }
  };
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
