import { type AnswerHandler, type RequestControl, valuesIn } from "../../../gate/web/http1/dispatch.ts";
import type { SharedTimeout, Waiter } from "../../../gate/web/proxy/shared-timeout.ts";
import { EventStream } from "./reading/event-stream.ts";
import { JsonAnswer } from "./reading/json-answer.ts";
import type { AnswerShare } from "./reading/share.ts";
import type { Settle } from "./channel.ts";
import {
  ChannelError,
  RequestError,
  type OwnMessage,
  readServerMessage,
  type ServerMessage,
} from "./messages.ts";

/** What a request needs of its channel. */
export interface Way {
  readonly share: AnswerShare | undefined;
  /** How long may follow what nobody waits for. */
  readonly grace: SharedTimeout;
  /** Sends a message, or without one asks for the rest of a stream. @param more headers: names and values in turn */
  dispatch(message: OwnMessage | undefined, more: readonly string[], handler: AnswerHandler): RequestControl;
  /** The server asks something while it answers. */
  asked(question: ServerMessage & { readonly kind: "question" }): void;
}

/** How often the rest of a stream is asked for that brings nothing (MCP, "Resumability and Redelivery"), and how often in all. */
const MAX_FRUITLESS = 2;
const MAX_RESUMES = 100;
/** Before it is asked for, where the server does not say; and what of the server's own wish is heard. Milliseconds. */
const RESUME_AFTER_MS = 1000;
const MIN_RESUME_AFTER_MS = 100;
const MAX_RESUME_AFTER_MS = 600_000;

/** One request to a server of Streamable HTTP, until its answer is there. */
export class Asking implements AnswerHandler {
  readonly #way: Way;
  readonly #id: number;
  readonly #settle: Settle;
  #begun: ((headers: readonly string[]) => void) | undefined;
  #control: RequestControl | undefined;
  #json: JsonAnswer | undefined;
  #events: EventStream | undefined;
  #isSettled = false;
  #waiter: Waiter | undefined;
  #resumes = 0;
  #fruitless = 0;
  #resumedAt: string | undefined;
  #resuming: NodeJS.Timeout | undefined;

  /** @param settle called once, and never after `stop` */
  constructor(way: Way, id: number, settle: Settle) {
    this.#way = way;
    this.#id = id;
    this.#settle = settle;
  }

  /** @param begun told of the answer's head, once the server took the request */
  send(message: OwnMessage, more: readonly string[], begun?: (headers: readonly string[]) => void): void {
    this.#begun = begun;
    this.#control = this.#way.dispatch(message, more, this);
  }

  /** Gives it up: nothing more is told. */
  stop(): void {
    this.#isSettled = true;
    this.#over();
    this.#control?.abort();
  }

  fail(error: unknown): void {
    const isHeard = !this.#isSettled;
    this.stop();
    if (isHeard) this.#settle(error);
  }

  head(status: number, headers: readonly string[]): void {
    if (status < 200) return;
    try {
      this.#open(status, headers);
    } catch (error) {
      this.fail(error);
    }
  }

  data(chunk: Buffer, release?: () => void): void {
    try {
      // What is kept of JSON is the chunk itself: it is not released.
      if (this.#json !== undefined) this.#json.push(chunk);
      else {
        if (!this.#isSettled) this.#events?.push(chunk);
        release?.();
      }
    } catch (error) {
      this.fail(error);
    }
  }

  end(): void {
    if (this.#json !== undefined) this.#endOfJson(this.#json);
    else if (this.#isSettled) this.#over();
    else
      this.#events?.end(() =>
        this.#brokeOff(new RequestError("the server's stream ended without an answer")),
      );
  }

  failed(error: Error): void {
    if (this.#isSettled) this.#over();
    else if (this.#events === undefined) this.fail(error);
    else this.#events.end(() => this.#brokeOff(error));
  }

  upgraded(): void {
    this.fail(new RequestError("the server changed the protocol"));
  }

  #open(status: number, headers: readonly string[]): void {
    if (status !== 200) {
      const words = `the server answered with the status ${status}`;
      // A session that the server forgot is a 404, and a server that began anew says 400 (MCP, "Session Management").
      throw status >= 500 ? new RequestError(words) : new ChannelError(words);
    }
    this.#begun?.(headers);
    if (valuesIn(headers, "content-encoding").some((coding) => coding.toLowerCase() !== "identity"))
      throw new RequestError("the server's answer is encoded, which was not asked for");
    const [type = "", ...more] = valuesIn(headers, "content-type");
    const [media = ""] = type.split(";", 1);
    switch (more.length > 0 ? "" : media.trim().toLowerCase()) {
      case "application/json":
        if (this.#events === undefined) {
          this.#json = new JsonAnswer(this.#way.share);
          return;
        }
        break;
      case "text/event-stream":
        this.#events ??= new EventStream(this.#way.share, {
          message: (value, bytes) => this.#message(value, bytes),
          failed: (error) => this.fail(error),
        });
        return;
      default:
    }
    throw new RequestError("the server's answer is neither JSON nor a stream of events");
  }

  #endOfJson(json: JsonAnswer): void {
    try {
      json.end((error, value, bytes) => {
        if (error === undefined) this.#whole(value, bytes);
        else this.fail(error);
      });
    } catch (error) {
      this.fail(error);
    }
  }

  #whole(value: unknown, bytes: number): void {
    try {
      const message = readServerMessage(value);
      if (message.kind !== "answer" || message.id !== this.#id)
        throw new RequestError("the server answered something else than it was asked");
      this.#answered(message, bytes);
    } catch (error) {
      this.fail(error);
    }
  }

  #message(value: unknown, bytes: number): void {
    if (this.#isSettled) return;
    try {
      const message = readServerMessage(value);
      if (message.kind === "question") this.#way.asked(message);
      else if (message.kind === "answer" && message.id === this.#id) {
        this.#answered(message, bytes);
        // The server ends the stream now (MCP, "Sending Messages to the Server"), and the connection can be used again.
        this.#waiter = this.#way.grace.add(() => this.stop());
      }
    } catch (error) {
      this.fail(error);
    }
  }

  #answered({ outcome }: ServerMessage & { readonly kind: "answer" }, bytes: number): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#events?.drop();
    if (outcome instanceof Error) this.#settle(outcome);
    else this.#settle(undefined, { result: outcome, bytes });
  }

  /** The stream is over before its answer came: the rest of it is asked for where the server said how. */
  #brokeOff(error: Error): void {
    if (this.#isSettled) return;
    const { lastId, retryMs = RESUME_AFTER_MS } = this.#events ?? {};
    this.#fruitless = lastId === this.#resumedAt ? this.#fruitless + 1 : 1;
    if (lastId === undefined || this.#fruitless > MAX_FRUITLESS || this.#resumes === MAX_RESUMES) {
      this.fail(error);
      return;
    }
    this.#resumedAt = lastId;
    this.#resumes += 1;
    const ms = Math.min(Math.max(retryMs, MIN_RESUME_AFTER_MS), MAX_RESUME_AFTER_MS);
    this.#resuming = setTimeout(() => {
      this.#control = this.#way.dispatch(undefined, ["last-event-id", lastId], this);
    }, ms);
    this.#resuming.unref();
  }

  #over(): void {
    if (this.#waiter !== undefined) this.#way.grace.delete(this.#waiter);
    clearTimeout(this.#resuming);
    this.#json?.drop();
    this.#events?.drop();
  }
}
