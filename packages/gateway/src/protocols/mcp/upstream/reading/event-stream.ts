import { createParser, type EventSourceMessage } from "eventsource-parser";
import { MAX_MCP_ANSWER_BYTES } from "../../../../gate/bounds.ts";
import { AnswerTooLarge, type AnswerShare, Borrowed, inTurn, parseBounded } from "./share.ts";

/** What all events of one answer may hold, bytes: beside the answer itself there is only what says how far it is. */
const MAX_STREAM_BYTES = 4 * MAX_MCP_ANSWER_BYTES;

/** Told of what comes. */
export interface EventHandler {
  /** An event's data, which is JSON. */
  message(value: unknown, bytes: number): void;
  failed(error: unknown): void;
}

/** An answer that comes as a stream of events (WHATWG HTML, section 9.2), over one connection or several. */
export class EventStream {
  readonly #share: AnswerShare | undefined;
  readonly #borrowed: Borrowed;
  readonly #handler: EventHandler;
  readonly #parser = createParser({
    onEvent: (event) => this.#came(event),
    onRetry: (ms) => (this.retryMs = ms),
  });
  #decoder = new TextDecoder();
  #isOver = false;
  /** Bytes of the event that has not ended, and of all. */
  #length = 0;
  #total = 0;
  /** Events that wait for their turn to be parsed. */
  #waiting = 0;
  #ended: (() => void) | undefined;
  /** By which the server knows how far it has come. */
  lastId: string | undefined;
  /** Milliseconds that the server wants to be left alone before it is asked again. */
  retryMs: number | undefined;

  constructor(share: AnswerShare | undefined, handler: EventHandler) {
    this.#share = share;
    this.#handler = handler;
    this.#borrowed = new Borrowed(share);
  }

  /** @throws AnswerTooLarge; Busy when there is no room for it in memory */
  push(chunk: Buffer): void {
    this.#length += chunk.length;
    this.#total += chunk.length;
    if (this.#length > MAX_MCP_ANSWER_BYTES || this.#total > MAX_STREAM_BYTES) throw new AnswerTooLarge();
    this.#borrowed.take(chunk.length);
    this.#parser.feed(this.#decoder.decode(chunk, { stream: true }));
  }

  /** This connection brings no more. @param done called once, when all that came was told */
  end(done: () => void): void {
    this.#parser.reset();
    this.#decoder = new TextDecoder();
    this.#length = 0;
    this.#borrowed.giveBack();
    if (this.#waiting === 0) done();
    else this.#ended = done;
  }

  /** Nothing more is told. Safe to call twice. */
  drop(): void {
    this.#isOver = true;
    this.#ended = undefined;
    this.#borrowed.giveBack();
  }

  #came({ id, event, data }: EventSourceMessage): void {
    this.#length = 0;
    this.#borrowed.giveBack();
    if (id !== undefined && id !== "") this.lastId = id;
    if (data === "" || (event !== undefined && event !== "message")) return;
    const held = new Borrowed(this.#share);
    held.take(data.length);
    this.#waiting += 1;
    inTurn(
      this.#share,
      data.length,
      () => (this.#isOver ? undefined : parseBounded(data)),
      (error, value) => {
        held.giveBack();
        this.#waiting -= 1;
        if (this.#isOver) return;
        if (error === undefined) this.#handler.message(value, data.length);
        else this.#handler.failed(error);
        if (this.#waiting === 0) this.#ended?.();
      },
    );
  }
}
