import type { Socket } from "node:net";
import type { SharedTimeout, Waiter } from "../proxy/shared-timeout.ts";
import { AnswerPace } from "./answer-pace.ts";
import { writeBody } from "./body-writer.ts";
import type { AnswerHandler, OutgoingRequest } from "./dispatch.ts";
import { ClientError } from "./errors.ts";
import type { LentBytes, OpenedSocket } from "./open-socket.ts";
import type { EncodedHead } from "./request-head.ts";
import type { SlowLane } from "../pieces/slow-lane.ts";
import { ResponseReader, type ResponseSink } from "./response-reader.ts";

/** What a connection tells whoever keeps it. */
export interface ConnectionOwner {
  /** It may carry another request. @param keepAliveMs how long the server keeps it, by its own word */
  idle(connection: Connection, keepAliveMs: number | undefined): void;
  /** It carries nothing any more. Called once. */
  gone(connection: Connection): void;
  /** Requests whose answer has not begun. */
  readonly heads: SharedTimeout;
  /** Where answers in small chunks wait. */
  readonly lane: SlowLane;
}

/** A body up to this is written together with its head, bytes. */
const MAX_JOINED_BYTES = 16_384;

/**
 * One connection to an upstream: one request at a time, and the next only when the last one's answer is whole and nothing
 * follows it. A request is written once: what becomes of it when the connection fails nobody knows, so nobody repeats it.
 */
export class Connection implements ResponseSink {
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #isStream: boolean;
  readonly #reader = new ResponseReader();
  /** Of the request under way. */
  #handler: AnswerHandler | undefined;
  #waiter: Waiter | undefined;
  #isSent = true;
  #stopBody: (() => void) | undefined;
  #isOver = false;
  readonly #pace: AnswerPace;
  /** The bytes that are being read. */
  #lent: LentBytes | undefined;
  #switchedTo: readonly string[] | undefined;
  readonly #tooLate = (): void => this.#fail(new ClientError("UPSTREAM_HEAD_TIMEOUT"));
  /** When it is not used again, on the owner's clock. */
  idleUntil = 0;
  /** Counts requests: whoever speaks of an earlier one is not heard. */
  #turn = 0;

  readonly #onData = (bytes: Buffer, lent?: LentBytes): void => {
    // A read that was under way when it was closed.
    if (this.#isOver) return;
    this.#lent = lent;
    const release = lent?.lend();
    this.#read(bytes);
    this.#lent = undefined;
    release?.();
  };
  readonly #onEnd = (): void => this.#ended();
  readonly #onError = (error: Error): void => this.#fail(error);
  readonly #onClose = (): void => this.#fail(new ClientError("UPSTREAM_CLOSED"));

  /** @param isStream whether its socket is one that can be handed on: it then carries one request alone */
  constructor(opened: OpenedSocket, owner: ConnectionOwner, isStream: boolean) {
    const { socket } = opened;
    this.#socket = socket;
    this.#owner = owner;
    this.#pace = new AnswerPace(socket, owner.lane);
    this.#isStream = isStream;
    opened.listen(this.#onData);
    socket.on("end", this.#onEnd).on("error", this.#onError).on("close", this.#onClose);
  }

  get isUsable(): boolean {
    return !this.#isOver && this.#socket.writable;
  }

  /**
   * Writes a request. The connection has to be usable, and idle.
   * @returns by which turn it is known to `pause`, `resume` and `abort`
   */
  send(request: OutgoingRequest, { text, length }: EncodedHead, handler: AnswerHandler): number {
    const { body, method, upgrade } = request;
    const socket = this.#socket;
    this.#turn += 1;
    this.#handler = handler;
    this.#reader.expect(method, upgrade !== undefined);
    this.#waiter = this.#owner.heads.add(this.#tooLate);
    if (body === null) socket.write(text, "latin1");
    else if (!Buffer.isBuffer(body)) {
      this.#isSent = false;
      socket.write(text, "latin1");
      this.#stopBody = writeBody(socket, body, length, {
        moved: () => this.#moved(),
        written: () => {
          this.#isSent = true;
          this.#stopBody = undefined;
        },
        failed: (error) => this.#fail(error),
      });
    } else if (body.length <= MAX_JOINED_BYTES) {
      const joined = Buffer.allocUnsafe(text.length + body.length);
      joined.write(text, 0, "latin1");
      joined.set(body, text.length);
      socket.write(joined);
    } else {
      socket.cork();
      socket.write(text, "latin1");
      socket.write(body);
      socket.uncork();
    }
    return this.#turn;
  }

  pause(turn: number): void {
    if (this.#isOf(turn)) this.#pace.pause();
  }

  resume(turn: number): void {
    if (this.#isOf(turn)) this.#pace.resume();
  }

  /** Gives the request up. What its handler would be told is lost. */
  abort(turn: number): void {
    if (!this.#isOf(turn)) return;
    this.#handler = undefined;
    this.#close();
  }

  /** Closes it while it is idle. */
  close(): void {
    this.#close();
  }

  #isOf(turn: number): boolean {
    return this.#turn === turn && this.#handler !== undefined && !this.#isOver;
  }

  head(status: number, headers: readonly string[]): void {
    if (status >= 200) this.#forgetWaiter();
    else this.#moved();
    this.#handler?.head(status, headers);
  }

  data(chunk: Buffer): void {
    this.#handler?.data(chunk, this.#lent?.lend());
  }

  end(trailers: readonly string[]): void {
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.end(trailers);
  }

  switched(headers: readonly string[]): void {
    this.#switchedTo = headers;
  }

  /** Something of the request has moved: its answer may take as long again. */
  #moved(): void {
    if (this.#waiter === undefined) return;
    this.#owner.heads.delete(this.#waiter);
    this.#waiter = this.#owner.heads.add(this.#tooLate);
  }

  #forgetWaiter(): void {
    if (this.#waiter === undefined) return;
    this.#owner.heads.delete(this.#waiter);
    this.#waiter = undefined;
  }

  #read(bytes: Buffer): void {
    let consumed: number;
    try {
      consumed = this.#reader.feed(bytes, this);
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    if (this.#isOver) return;
    if (this.#switchedTo !== undefined) this.#handOver(this.#switchedTo, bytes.subarray(consumed));
    else if (consumed < bytes.length) this.#close();
    else if (this.#handler === undefined) this.#finished();
    else this.#pace.brought(this.#reader.small);
  }

  /** The answer is whole: what of the request has not left by now never will. */
  #finished(): void {
    if (this.#isStream || !this.#isSent || !this.#reader.isReusable || !this.#socket.writable) this.#close();
    else {
      // A reader that was slow to the end must not leave it paused.
      this.#pace.reset();
      if (this.#socket.isPaused()) this.#socket.resume();
      this.#owner.idle(this, this.#reader.keepAliveMs);
    }
  }

  #handOver(headers: readonly string[], first: Buffer): void {
    const socket = this.#socket;
    const handler = this.#handler;
    this.#handler = undefined;
    this.#isOver = true;
    this.#forgetWaiter();
    this.#pace.reset();
    socket.off("data", this.#onData).off("end", this.#onEnd).off("error", this.#onError);
    socket.off("close", this.#onClose).pause();
    if (first.length > 0) socket.unshift(first);
    this.#owner.gone(this);
    handler?.upgraded(headers, socket);
  }

  #ended(): void {
    try {
      this.#reader.close(this);
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    this.#close();
  }

  #fail(error: Error): void {
    const handler = this.#handler;
    this.#handler = undefined;
    this.#close();
    handler?.failed(error);
  }

  #close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#forgetWaiter();
    this.#pace.reset();
    this.#stopBody?.();
    this.#stopBody = undefined;
    this.#reader.stop();
    this.#socket.destroy();
    this.#owner.gone(this);
  }
}
