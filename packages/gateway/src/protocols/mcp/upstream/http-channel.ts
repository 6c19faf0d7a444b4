import { createClosableHttp1Client } from "../../../gate/web/http1/client.ts";
import { type RequestControl, valuesIn } from "../../../gate/web/http1/dispatch.ts";
import { createSharedTimeout } from "../../../gate/web/proxy/shared-timeout.ts";
import { Bag } from "../../../kernel/bag.ts";
import type { AnswerShare } from "./reading/share.ts";
import { type McpTarget, reveal } from "../target.ts";
import type { Channel, Settle } from "./channel.ts";
import { Asking, type Way } from "./http-asking.ts";
import { Telling } from "./http-telling.ts";
import { answerTo, ChannelError, type OwnMessage, type OwnRequest, RequestError } from "./messages.ts";

/** Connections to one server at a time, of one grant: its calls, and what is told beside them. */
const MAX_CONNECTIONS = 32;
/** What is told at a time that nobody waits for: cancellations, and answers to questions of the server's. */
const MAX_ASIDE = 8;
/**
 * What may follow an answer, or is told that nobody waits for, has this long: then its connection is closed, where else it
 * could carry the next request. Milliseconds.
 */
const GRACE_MS = 1000;
/** A session's name (MCP, "Session Management"): visible characters of ASCII. */
const sessionForm = /^[\x21-\x7e]{1,1024}$/;
/** Headers that the channel itself writes: a target's own under these names do not go. */
const own: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "content-type",
  "last-event-id",
  "mcp-protocol-version",
  "mcp-session-id",
  "traceparent",
]);

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
  #aside = 0;
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
    const headers = Object.entries(reveal(target.headers));
    const isNamed = headers.some(([name]) => name.toLowerCase() === "user-agent");
    this.#headers = [
      ...headers.filter(([name]) => !own.has(name.toLowerCase())).flat(),
      // What comes in another coding is not taken (RFC 9110, section 12.5.3).
      "accept-encoding",
      "identity",
      ...(isNamed ? [] : ["user-agent", "mayfly"]),
    ];
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
      asked: (question) => this.mention(answerTo(question)),
    };
  }

  ask(request: OwnRequest, traceparent: string | undefined, settle: Settle): () => void {
    if (this.#isClosed) return refused(settle);
    const asking = new Asking(this.#way, request.id, (error, answer) => {
      being.leave();
      settle(error, answer);
    });
    const being = this.#underWay.add(asking);
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

  tell(message: OwnMessage, settle: (error: unknown) => void): () => void {
    if (this.#isClosed) return refused(settle);
    const telling = new Telling(this.#way.grace, (error) => {
      being.leave();
      settle(error);
    });
    const being = this.#underWay.add(telling);
    telling.sent(this.#way.dispatch(message, [], telling));
    return () => {
      being.leave();
      telling.stop();
    };
  }

  mention(message: OwnMessage): void {
    if (this.#aside >= MAX_ASIDE || this.#isClosed) return;
    this.#aside += 1;
    this.#hurried(
      (telling) => this.#way.dispatch(message, [], telling),
      () => (this.#aside -= 1),
    );
  }

  get isOver(): boolean {
    return this.#isClosed;
  }

  late(): Error {
    return new RequestError("the server took too long");
  }

  agreed(version: string): void {
    this.#version = version;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // Nothing that waits begins any more; what is told aside has its moment.
    this.#client.close();
    for (const each of this.#underWay.members()) each.fail(closed());
    if (this.#session !== undefined) await this.#endSession();
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
    const headers = this.#headersOf(false, []);
    return new Promise((resolve) => {
      this.#hurried(
        (telling) =>
          this.#client.dispatch({ method: "DELETE", path: this.#path, headers, body: null }, telling),
        resolve,
      );
    });
  }

  /** Sends what nobody waits for: its time is short. */
  #hurried(send: (telling: Telling) => RequestControl, over: () => void): void {
    const telling = new Telling(this.#way.grace, over);
    telling.sent(send(telling));
    telling.hurry();
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

/** Nothing leaves any more. */
function refused(settle: (error: unknown) => void): () => void {
  let isHeard = true;
  queueMicrotask(() => {
    if (isHeard) settle(closed());
  });
  return () => (isHeard = false);
}

function closed(): ChannelError {
  return new ChannelError("the connection was closed");
}
