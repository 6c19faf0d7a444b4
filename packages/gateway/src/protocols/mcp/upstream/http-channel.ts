import { createClosableHttp1Client } from "../../../gate/web/http1/client.ts";
import { valuesIn } from "../../../gate/web/http1/dispatch.ts";
import { createSharedTimeout } from "../../../gate/web/proxy/shared-timeout.ts";
import { Bag } from "../../../kernel/bag.ts";
import type { AnswerShare } from "./reading/share.ts";
import { type McpTarget, reveal } from "../target.ts";
import type { Channel, Settle } from "./channel.ts";
import { Asking, type Way } from "./http-asking.ts";
import { Telling } from "./http-telling.ts";
import { answerTo, ChannelError, type OwnMessage, type OwnRequest } from "./messages.ts";

/** Connections to one server at a time, of one grant. */
const MAX_CONNECTIONS = 256;
/** Answers to questions of the server's that are on their way; it gets none to what it asks beyond. */
const MAX_REPLIES = 4;
/**
 * What may follow an answer, or be said at the end, has this long: then its connection is closed, where else it could
 * carry the next request. Milliseconds.
 */
const GRACE_MS = 1000;
/** A session's name (MCP, "Session Management"): visible characters of ASCII. */
const sessionForm = /^[\x21-\x7e]{1,1024}$/;

/**
 * A server of Streamable HTTP (MCP, "Transports"). Redirects are not followed, since the target's credentials are for it
 * alone, and no stream is opened on which the server could speak unasked.
 */
export class HttpChannel implements Channel {
  readonly #client: ReturnType<typeof createClosableHttp1Client>;
  readonly #path: string;
  readonly #headers: readonly string[];
  readonly #underWay = new Bag<{ fail(error: unknown): void }>();
  readonly #way: Way;
  #session: string | undefined;
  #version: string | undefined;
  #replies = 0;
  #isClosed = false;

  /** @param share where what its answers take counts */
  constructor(target: McpTarget, share: AnswerShare | undefined) {
    const { origin, pathname, search } = new URL(target.url ?? "");
    const ca = target.ca?.text();
    this.#client = createClosableHttp1Client({
      origin,
      maxConnections: MAX_CONNECTIONS,
      timeout: target.timeout,
      ...(ca === undefined ? {} : { ca }),
    });
    this.#path = pathname + search;
    this.#headers = Object.entries(reveal(target.headers)).flat();
    this.#way = {
      share,
      grace: createSharedTimeout(GRACE_MS),
      dispatch: (message, more, handler) =>
        this.#client.dispatch(
          {
            method: message === undefined ? "GET" : "POST",
            path: this.#path,
            headers: this.#headersOf(message !== undefined, more),
            body: message === undefined ? null : Buffer.from(JSON.stringify(message)),
          },
          handler,
        ),
      asked: (question) => this.#reply(answerTo(question)),
    };
  }

  ask(request: OwnRequest, traceparent: string | undefined, settle: Settle): () => void {
    const own = this.#underWay;
    const asking = new Asking(this.#way, request.id, (error, answer) => {
      being.leave();
      settle(error, answer);
    });
    const being = own.add(asking);
    asking.send(
      request,
      traceparent === undefined ? [] : ["traceparent", traceparent],
      request.method === "initialize" ? (headers) => this.#begun(headers) : undefined,
    );
    return () => {
      being.leave();
      asking.stop();
    };
  }

  tell(message: OwnMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      const telling = new Telling(this.#way.grace, (error) => {
        being.leave();
        if (error === undefined) resolve();
        else reject(error);
      });
      const being = this.#underWay.add(telling);
      telling.sent(this.#way.dispatch(message, [], telling));
    });
  }

  agreed(version: string): void {
    this.#version = version;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const each of this.#underWay.members()) each.fail(new ChannelError("the connection was closed"));
    const ended = this.#session === undefined ? undefined : this.#endSession();
    this.#client.close();
    await ended;
  }

  /** The server has begun a session with its first answer: from now on every request names it. */
  #begun(headers: readonly string[]): void {
    const [name, ...more] = valuesIn(headers, "mcp-session-id");
    if (name === undefined) return;
    if (more.length > 0 || !sessionForm.test(name))
      throw new ChannelError("the server's session has no name that can be sent");
    this.#session = name;
  }

  /** Nothing of the grant's is left at the server: it is asked to forget the session, whether it does or not. */
  #endSession(): Promise<void> {
    return new Promise((resolve) => {
      const telling = new Telling(this.#way.grace, () => resolve());
      telling.sent(
        this.#client.dispatch(
          { method: "DELETE", path: this.#path, headers: this.#headersOf(false, []), body: null },
          telling,
        ),
      );
      telling.hurry();
    });
  }

  #reply(message: OwnMessage): void {
    if (this.#replies >= MAX_REPLIES || this.#isClosed) return;
    this.#replies += 1;
    void this.tell(message)
      .catch(() => undefined)
      .then(() => (this.#replies -= 1));
  }

  #headersOf(isPost: boolean, more: readonly string[]): readonly string[] {
    const headers = [...this.#headers, ...more];
    headers.push("accept", isPost ? "application/json, text/event-stream" : "text/event-stream");
    if (isPost) headers.push("content-type", "application/json");
    if (this.#session !== undefined) headers.push("mcp-session-id", this.#session);
    if (this.#version !== undefined) headers.push("mcp-protocol-version", this.#version);
    return headers;
  }
}
