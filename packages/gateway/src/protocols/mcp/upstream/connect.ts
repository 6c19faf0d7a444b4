import { MAX_MCP_ANSWER_BYTES } from "../../../gate/bounds.ts";
import { createSend, type Send } from "../../../gate/send.ts";
import { mcpVersions } from "../../../gate/web/mcp/form.ts";
import { createSharedTimeout, type SharedTimeout } from "../../../gate/web/proxy/shared-timeout.ts";
import { AnswerTooLarge, type AnswerShare, Borrowed } from "./reading/share.ts";
import type { McpTarget } from "../target.ts";
import type { Answer, Channel } from "./channel.ts";
import type { ToolDefinition } from "./definitions.ts";
import { HttpChannel } from "./http-channel.ts";
import { ChannelError, type Fields } from "./messages.ts";

/** A client's request as it goes to the server. */
export interface McpCall {
  readonly method: string;
  readonly params: Fields;
  readonly signal: AbortSignal;
  /** The call's span, while traces are exported. */
  readonly traceparent?: string | undefined;
}

/** A connection to an upstream MCP server, of one grant alone. */
export interface McpUpstream {
  /** Sends a client's request. @throws Error when the server or the transport fails, or `signal` aborts */
  readonly send: Send<McpCall, Promise<Answer>>;
  /** Every tool that the server defines now: the gateway's own question, which carries nothing of a client's. */
  tools(signal: AbortSignal): Promise<readonly ToolDefinition[]>;
  /** The same of prompts; none of a server that knows no prompts. */
  prompts(signal: AbortSignal): Promise<readonly ToolDefinition[]>;
  /** Whether nothing can be sent over it any more. */
  readonly isOver: boolean;
  close(): Promise<void>;
}

/** Pages of a list, and what they may hold. */
const MAX_PAGES = 50;
const MAX_DEFINITIONS = 2000;

/** Requests over a channel: numbered, and each given up when its time or its caller's is over. */
class Requests {
  readonly #channel: Channel;
  readonly #share: AnswerShare | undefined;
  readonly #timeout: number;
  readonly #late: SharedTimeout;
  #last = 0;

  /** @param timeout milliseconds that each may take in all */
  constructor(channel: Channel, timeout: number, share: AnswerShare | undefined) {
    this.#channel = channel;
    this.#share = share;
    this.#timeout = timeout;
    this.#late = createSharedTimeout(timeout);
  }

  /** @throws ServerError, RequestError, ChannelError, AnswerTooLarge, Busy, or what `signal` was aborted with */
  send({ method, params, signal, traceparent }: McpCall): Promise<Answer> {
    this.#last += 1;
    const id = this.#last;
    const message = { jsonrpc: "2.0", id, method, params: { ...params, ...metaOf(traceparent) } } as const;
    return this.#within(
      signal,
      (settle) => this.#channel.ask(message, traceparent, settle),
      () => {
        // The server need not go on (MCP, "Cancellation"); only the first request cannot be cancelled.
        if (method !== "initialize")
          this.#channel.mention({
            jsonrpc: "2.0",
            method: "notifications/cancelled",
            params: { requestId: id },
          });
      },
    );
  }

  /** Sends what has no answer. @throws Error when the server did not take it */
  async tell(method: string, signal: AbortSignal): Promise<void> {
    await this.#within<true>(signal, (settle) =>
      this.#channel.tell({ jsonrpc: "2.0", method }, (error) => settle(error, true)),
    );
  }

  /** Everything of one list, page by page: in all no more, and in no longer, than one answer. */
  async list(kind: "tools" | "prompts", signal: AbortSignal): Promise<readonly ToolDefinition[]> {
    const found: ToolDefinition[] = [];
    const held = new Borrowed(this.#share);
    const until = performance.now() + this.#timeout;
    let all = 0;
    let cursor: string | undefined;
    try {
      for (let page = 0; page < MAX_PAGES && found.length < MAX_DEFINITIONS; page += 1) {
        if (performance.now() > until) throw this.#channel.late();
        const params: Fields = cursor === undefined ? {} : { cursor };
        const { result, bytes } = await this.send({ method: `${kind}/list`, params, signal });
        const items: unknown = result[kind];
        for (const each of Array.isArray(items) ? (items as unknown[]) : [])
          if (isDefinition(each)) found.push(each);
        const next = result["nextCursor"];
        if (typeof next !== "string") return found;
        cursor = next;
        all += bytes;
        if (all > MAX_MCP_ANSWER_BYTES) throw new AnswerTooLarge();
        held.take(bytes);
      }
      return found;
    } finally {
      held.giveBack();
    }
  }

  /**
   * @param start begins it; its `settle` is told an error or what was made
   * @param givenUp called when it was given up
   */
  #within<Made>(
    signal: AbortSignal,
    start: (settle: (error: unknown, made?: Made) => void) => () => void,
    givenUp?: () => void,
  ): Promise<Made> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const giveUp = (reason: unknown): void => {
        over();
        stop();
        givenUp?.();
        reject(reason);
      };
      const aborted = (): void => giveUp(signal.reason);
      const waiter = this.#late.add(() => giveUp(this.#channel.late()));
      signal.addEventListener("abort", aborted);
      const over = (): void => {
        this.#late.delete(waiter);
        signal.removeEventListener("abort", aborted);
      };
      const stop = start((error, made) => {
        over();
        if (error !== undefined || made === undefined) reject(error);
        else resolve(made);
      });
    });
  }
}

/**
 * Begins the conversation (MCP, "Lifecycle"). The server is told of no capability of the client.
 * @returns whether it knows prompts
 * @throws Error when it cannot be reached, or speaks no version that is spoken here
 */
async function begin(channel: Channel, requests: Requests, signal: AbortSignal): Promise<boolean> {
  const { LATEST_PROTOCOL_VERSION, SUPPORTED_PROTOCOL_VERSIONS } = await mcpVersions();
  const { result } = await requests.send({
    method: "initialize",
    params: {
      protocolVersion: LATEST_PROTOCOL_VERSION,
      capabilities: {},
      clientInfo: { name: "mayfly", version: "1" },
    },
    signal,
  });
  const { protocolVersion, capabilities } = result;
  if (typeof protocolVersion !== "string" || !SUPPORTED_PROTOCOL_VERSIONS.includes(protocolVersion))
    throw new ChannelError("the server speaks no version of the protocol that is spoken here");
  channel.agreed(protocolVersion);
  await requests.tell("notifications/initialized", signal);
  return typeof capabilities === "object" && capabilities !== null && "prompts" in capabilities;
}

/** The SDK, which starts the program, is loaded where it is first needed. */
async function channelOf(target: McpTarget, share: AnswerShare | undefined): Promise<Channel> {
  if (target.command === undefined) return new HttpChannel(target, share);
  const { ProgramChannel } = await import("./program-channel.ts");
  return ProgramChannel.start(target);
}

/**
 * Connects to an upstream server. What it asks for (sampling, elicitation, roots) is answered with "method not found".
 * @param share where what its answers take counts
 * @throws Error when it cannot be reached
 */
export async function connectUpstream(
  target: McpTarget,
  signal: AbortSignal,
  share?: AnswerShare,
): Promise<McpUpstream> {
  const channel = await channelOf(target, share);
  const requests = new Requests(channel, target.timeout, share);
  let knowsPrompts: boolean;
  try {
    knowsPrompts = await begin(channel, requests, signal);
  } catch (error) {
    await channel.close().catch(() => undefined);
    throw error;
  }
  return {
    get isOver() {
      return channel.isOver;
    },
    send: createSend((call: McpCall) => requests.send(call)),
    tools: (ended) => requests.list("tools", ended),
    prompts: async (ended) => (knowsPrompts ? requests.list("prompts", ended) : []),
    close: () => channel.close(),
  };
}

/** Where a server finds a call's span, whatever the transport (OpenTelemetry, conventions for MCP, "Context propagation"). */
function metaOf(traceparent: string | undefined): Fields {
  return traceparent === undefined ? {} : { _meta: { traceparent } };
}

function isDefinition(value: unknown): value is ToolDefinition {
  return typeof value === "object" && value !== null && "name" in value && typeof value.name === "string";
}
