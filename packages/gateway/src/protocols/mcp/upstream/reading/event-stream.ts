import { MAX_JSON_VALUES, MAX_MCP_ANSWER_BYTES } from "../../../../gate/bounds.ts";
import { EventParser, type StreamEvent } from "./event-parser.ts";
import { AnswerTooLarge, type AnswerShare, Borrowed, Later, parseBounded } from "./share.ts";

/** What all events of one answer may hold, bytes: beside the answer itself there is only what says how far it is. */
const MAX_STREAM_BYTES = 4 * MAX_MCP_ANSWER_BYTES;
/** The most events of one answer: each is parsed as it comes. */
const MAX_EVENTS = 10_000;
/** A place that is sent back: as a header can carry it. */
const idForm = /^[\x20-\x7e]{1,1024}$/;

/** Told of what comes. */
export interface EventHandler {
  /** An event's data, which is JSON. */
  message(value: unknown, bytes: number): void;
  failed(error: unknown): void;
}

/** An answer that comes as a stream of events, over one connection or several. */
export class EventStream {
  readonly #share: AnswerShare | undefined;
  readonly #borrowed: Borrowed;
  readonly #handler: EventHandler;
  #parser = this.#newParser();
  #decoder = new TextDecoder();
  /** Bytes of the event that has not ended, and of all. */
  #length = 0;
  #total = 0;
  #events = 0;
  /** Events that wait for their turn to be parsed. */
  readonly #waiting = new Set<Later<string>>();
  #ended: (() => void) | undefined;
  #isOver = false;
  /** By which the server knows how far it has come; the last one that can be sent back. */
  lastId: string | undefined;
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
    this.#parser = this.#newParser();
    this.#decoder = new TextDecoder();
    this.#length = 0;
    this.#borrowed.giveBack();
    if (this.#waiting.size === 0) done();
    else this.#ended = done;
  }

  /** Nothing more is told, and nothing kept. Safe to call twice. */
  drop(): void {
    this.#isOver = true;
    this.#ended = undefined;
    this.#parser = this.#newParser();
    this.#borrowed.giveBack();
    for (const each of this.#waiting) each.drop();
    this.#waiting.clear();
  }

  #newParser(): EventParser {
    return new EventParser({
      event: (event) => this.#came(event),
      id: (id) => {
        // A copy: the text that it is cut from would stay with it.
        if (idForm.test(id)) this.lastId = Buffer.from(id, "latin1").toString("latin1");
      },
      retry: (ms) => (this.retryMs = ms),
      line(lines) {
        if (lines > MAX_JSON_VALUES) throw new AnswerTooLarge();
      },
    });
  }

  #came({ type, data }: StreamEvent): void {
    if (this.#isOver) return;
    this.#length = 0;
    this.#borrowed.giveBack();
    this.#events += 1;
    if (this.#events > MAX_EVENTS) throw new AnswerTooLarge();
    if (data === "" || type !== "message") return;
    const { length } = data;
    const later = new Later(this.#share, length, data, parseBounded, (error, value) => {
      this.#waiting.delete(later);
      if (error === undefined) this.#handler.message(value, length);
      else this.#handler.failed(error);
      if (this.#waiting.size > 0) return;
      const ended = this.#ended;
      this.#ended = undefined;
      ended?.();
    });
    this.#waiting.add(later);
    later.start();
  }
}
