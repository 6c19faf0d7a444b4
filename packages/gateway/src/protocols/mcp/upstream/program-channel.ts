import {
  getDefaultEnvironment,
  StdioClientTransport,
  type StdioServerParameters,
} from "@modelcontextprotocol/sdk/client/stdio.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { MAX_MCP_ANSWER_BYTES } from "../../../gate/bounds.ts";
import { AnswerTooLarge } from "./reading/share.ts";
import { type McpTarget, reveal } from "../target.ts";
import type { Channel, Settle } from "./channel.ts";
import { answerTo, ChannelError, type OwnMessage, type OwnRequest, readServerMessage } from "./messages.ts";

/** What a program has not read of what it was sent, bytes: beyond it nothing more is sent. */
const MAX_UNREAD_BYTES = 4_194_304;

/** What the pipes tell. */
interface Told {
  message(value: unknown): void;
  over(error: Error): void;
}

/** The SDK's pipes. They close by themselves where an answer has outgrown their buffer, and say so in no other way. */
class Pipes extends StdioClientTransport {
  readonly #told: Told;
  override onmessage = (message: JSONRPCMessage): void => this.#told.message(message);
  override onclose = (): void => this.#told.over(new ChannelError("the program ended"));

  constructor(program: StdioServerParameters, told: Told) {
    super(program);
    this.#told = told;
  }

  override async close(): Promise<void> {
    this.#told.over(new AnswerTooLarge());
    await super.close();
  }
}

/** A program that speaks on its pipes (MCP, "Transports: stdio"). */
export class ProgramChannel implements Channel {
  readonly #pipes: Pipes;
  readonly #asked = new Map<number, Settle>();
  #unread = 0;
  #isClosed = false;

  private constructor(program: StdioServerParameters) {
    this.#pipes = new Pipes(program, {
      message: (value) => this.#message(value),
      over: (error) => this.#over(error),
    });
  }

  /** Starts a target's program. @throws Error when it cannot be started */
  static async start(target: McpTarget): Promise<ProgramChannel> {
    const [command = "", ...args] = target.command ?? [];
    // Its environment is what the configuration says, and nothing of the gateway's own but the path on which the program
    // is found: the SDK would add the gateway's user, home and shell.
    const kept = Object.keys(getDefaultEnvironment()).filter((name) => name !== "PATH");
    const env = { ...Object.fromEntries(kept.map((name) => [name, undefined])), ...reveal(target.env) };
    const channel = new ProgramChannel({
      command,
      args,
      // Node leaves out what is undefined (child_process.spawn).
      env: env as Record<string, string>,
      stderr: "ignore",
      maxBufferSize: MAX_MCP_ANSWER_BYTES,
    });
    await channel.#pipes.start();
    return channel;
  }

  ask(request: OwnRequest, _traceparent: string | undefined, settle: Settle): () => void {
    const { id } = request;
    this.#asked.set(id, settle);
    void this.#send(request, (error) => {
      if (error !== undefined) this.#settle(id, error);
    });
    return () => void this.#asked.delete(id);
  }

  tell(message: OwnMessage, settle: (error: unknown) => void): () => void {
    let isHeard = true;
    void this.#send(message, (error) => {
      if (isHeard) settle(error);
    });
    return () => (isHeard = false);
  }

  mention(message: OwnMessage): void {
    void this.#send(message, () => undefined);
  }

  get isOver(): boolean {
    return this.#isClosed;
  }

  late(): Error {
    // It does one thing after the other, and perhaps nothing any more: the next request starts it anew.
    return new ChannelError("the program took too long");
  }

  agreed(): void {
    // Messages on pipes have no heads.
  }

  async close(): Promise<void> {
    this.#over(new ChannelError("the connection was closed"));
    await this.#pipes.close();
  }

  #message(value: unknown): void {
    let message;
    try {
      message = readServerMessage(value);
    } catch {
      // Nobody knows whose it is: the request ends with its time.
      return;
    }
    if (message.kind === "question") this.mention(answerTo(message));
    else if (message.kind === "answer") {
      if (message.outcome instanceof Error) this.#settle(message.id, message.outcome);
      else this.#settle(message.id, undefined, { result: message.outcome, bytes: Infinity });
    }
  }

  #settle(id: number, ...outcome: Parameters<Settle>): void {
    const settle = this.#asked.get(id);
    this.#asked.delete(id);
    settle?.(...outcome);
  }

  #over(error: Error): void {
    this.#isClosed = true;
    for (const id of this.#asked.keys()) this.#settle(id, error);
  }

  /** @param done told why it did not go, or that it did */
  async #send(message: OwnMessage, done: (error: unknown) => void): Promise<void> {
    const bytes = JSON.stringify(message).length;
    let why: unknown;
    this.#unread += bytes;
    try {
      if (this.#isClosed) throw new ChannelError("the connection was closed");
      if (this.#unread > MAX_UNREAD_BYTES)
        throw new ChannelError("the program does not read what it is sent");
      await this.#pipes.send(message as JSONRPCMessage);
    } catch (error) {
      why = error;
    }
    this.#unread -= bytes;
    // Never before whoever sent it knows that it has.
    await Promise.resolve();
    done(why);
  }
}
