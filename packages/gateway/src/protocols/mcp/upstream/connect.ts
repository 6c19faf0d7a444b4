import { AsyncLocalStorage } from "node:async_hooks";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import {
  getDefaultEnvironment,
  StdioClientTransport,
  type StdioServerParameters,
} from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { Agent, fetch as undiciFetch } from "undici";
import { MAX_MCP_ANSWER_BYTES } from "../../../gate/bounds.ts";
import { Bag } from "../../../kernel/bag.ts";
import { createSend, type Send } from "../../../gate/send.ts";
import { AnswerTooLarge, type AnswerShare, boundEvents, readAnswer } from "../answers/read.ts";
import type { ToolDefinition } from "./definitions.ts";
import { type McpTarget, reveal } from "../target.ts";

type Result = Readonly<Record<string, unknown>>;

/** A client's request as it goes to the server. */
export interface McpCall {
  readonly method: string;
  readonly params: Result;
  readonly signal: AbortSignal;
  /** The call's span, while traces are exported. */
  readonly traceparent?: string | undefined;
}

/** A connection to an upstream MCP server, of one grant alone. */
export interface McpUpstream {
  /** Sends a client's request. @throws Error when the server or the transport fails, or `signal` aborts */
  readonly send: Send<McpCall, Promise<Result>>;
  /** Every tool that the server defines now: the gateway's own question, which carries nothing of a client's. */
  tools(signal: AbortSignal): Promise<readonly ToolDefinition[]>;
  /** The same of prompts; none of a server that knows no prompts. */
  prompts(signal: AbortSignal): Promise<readonly ToolDefinition[]>;
  close(): Promise<void>;
}

/**
 * What the request over HTTP of the call that is being sent needs. Its signal: the SDK cancels a call with a message, and
 * leaves its request open for as long as the server likes.
 */
const calls = new AsyncLocalStorage<{
  readonly signal: AbortSignal;
  readonly traceparent: string | undefined;
}>();

/** Pages of a list, and what they may hold. */
const MAX_PAGES = 50;
const MAX_DEFINITIONS = 2000;

/**
 * A program's pipes. The SDK closes them by itself in one case alone: an answer has outgrown its buffer. Its error has
 * no code, so it is this that tells.
 */
class ProgramTransport extends StdioClientTransport {
  readonly #over: (error: Error) => void;
  #isExpected = false;

  constructor(over: (error: Error) => void, program: StdioServerParameters) {
    super(program);
    this.#over = over;
  }

  /** Says that the gateway is about to close them. */
  expectClose(): void {
    this.#isExpected = true;
  }

  override async close(): Promise<void> {
    if (!this.#isExpected) {
      this.#isExpected = true;
      this.#over(new AnswerTooLarge());
    }
    await super.close();
  }
}

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
    return new ProgramTransport(over, {
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
    const signals = [init?.signal, own?.signal].filter((signal) => signal instanceof AbortSignal);
    const answer = (await undiciFetch(url, {
      ...(init as object),
      ...(own?.traceparent === undefined ? {} : { headers: withTraceparent(init?.headers, own.traceparent) }),
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
  const pending = new Bag<(error: Error) => void>();
  const over = (error: Error): void => {
    for (const reject of pending.members()) reject(error);
    void client.close();
  };
  const transport = transportOf(target, share, over);
  await client.connect(transport, { timeout, signal });
  const request = async ({ method, params, signal: ended, traceparent }: McpCall): Promise<Result> => {
    let stop: (error: Error) => void = () => undefined;
    const tooLarge = new Promise<never>((_, reject) => {
      stop = reject;
    });
    const waiting = pending.add(stop);
    const finished = new AbortController();
    try {
      const answer = calls.run({ signal: finished.signal, traceparent }, () =>
        client.request({ method, params: { ...params, ...metaOf(traceparent) } }, ResultSchema, {
          timeout,
          maxTotalTimeout: timeout,
          signal: ended,
        }),
      );
      return await Promise.race([answer, tooLarge]);
    } finally {
      waiting.leave();
      finished.abort();
    }
  };
  const listed = async (
    kind: "tools" | "prompts",
    ended: AbortSignal,
  ): Promise<readonly ToolDefinition[]> => {
    const found: ToolDefinition[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES && found.length < MAX_DEFINITIONS; page += 1) {
      const answer = await request({
        method: `${kind}/list`,
        params: cursor === undefined ? {} : { cursor },
        signal: ended,
      });
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
    send: createSend(request),
    tools: (ended) => listed("tools", ended),
    prompts: async (ended) =>
      client.getServerCapabilities()?.prompts === undefined ? [] : listed("prompts", ended),
    async close() {
      if (transport instanceof ProgramTransport) transport.expectClose();
      await client.close();
    },
  };
}

/** Where a server finds a call's span, whatever the transport (OpenTelemetry, conventions for MCP, "Context propagation"). */
function metaOf(traceparent: string | undefined): Result {
  return traceparent === undefined ? {} : { _meta: { traceparent } };
}

function withTraceparent(given: RequestInit["headers"], traceparent: string): Headers {
  const headers = new Headers(given);
  headers.set("traceparent", traceparent);
  return headers;
}

function isDefinition(value: unknown): value is ToolDefinition {
  return typeof value === "object" && value !== null && "name" in value && typeof value.name === "string";
}
