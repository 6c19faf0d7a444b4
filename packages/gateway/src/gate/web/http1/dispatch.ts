import type { Duplex, Readable } from "node:stream";

/** A request on its way to an upstream. */
export interface OutgoingRequest {
  readonly method: string;
  /** Path and query, as they stand in the request line. */
  readonly path: string;
  /** Names and values in turn. A length frames a body that is a stream; without one it is sent in chunks. */
  readonly headers: readonly string[];
  readonly body: Buffer | Readable | null;
  /** The protocol to which the connection is asked to change, for example `websocket`. */
  readonly upgrade?: string;
}

/** Told of what comes back for one request: never before `dispatch` has returned, and never after `abort`. */
export interface AnswerHandler {
  /**
   * An answer's head, interim ones (RFC 9110, section 15.2) among them.
   * @param headers names in lower case and values in turn, as they came
   */
  head(status: number, headers: readonly string[]): void;
  /**
   * @param release may be called once the chunk is needed no more: its memory is then read into again. Where it is not
   * called, the chunk is its receiver's.
   */
  data(chunk: Buffer, release?: () => void): void;
  /** The answer is whole. @param trailers names in lower case and values in turn */
  end(trailers: readonly string[]): void;
  /** There is no answer, or no more of it. */
  failed(error: Error): void;
  /** The upstream has changed the connection's protocol (101). The socket is paused: whoever takes it resumes it. */
  upgraded(headers: readonly string[], socket: Duplex): void;
}

/** What whoever sent a request can do about it. */
export interface RequestControl {
  /** Gives it up: its connection closes, and its handler hears nothing more. */
  abort(): void;
  pause(): void;
  resume(): void;
}

/** Puts a request on its way. */
export type Dispatch = (request: OutgoingRequest, handler: AnswerHandler) => RequestControl;

/** The values of one header. @param headers names in lower case and values in turn */
export function valuesIn(headers: readonly string[], name: string): readonly string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (headers[at] === name) values.push(headers[at + 1] ?? "");
  return values;
}
