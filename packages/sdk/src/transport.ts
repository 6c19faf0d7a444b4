import { MayflyError } from "./errors.ts";

/** The largest answer that is read, bytes. */
export const longestAnswer = 16_777_216;

/** One request. */
export interface Outgoing {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** How long an answer may take, milliseconds. */
  readonly timeout?: number;
}

/** How requests get to a gateway: the one thing that differs between Node and a browser. */
export interface Transport {
  /** The gateway's origin and path, without a slash at its end. */
  readonly base: string;
  /**
   * Sends a request; gives the answer's body: parsed when it is JSON, else its text.
   * @throws MayflyError alone
   */
  send(outgoing: Outgoing): Promise<unknown>;
  /**
   * Sends a request whose answer does not end by itself, and gives its bytes as they come. Ends when `signal` aborts;
   * leaving the loop closes the connection.
   * @throws MayflyError alone
   */
  stream(outgoing: Outgoing & { readonly signal: AbortSignal }): Promise<AsyncIterable<Uint8Array>>;
}

/** Parses an answer's body. @throws MayflyError bad_answer */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MayflyError("bad_answer", "the gateway's answer is not JSON", {
      cause,
      hint: "try again; else tell the operator",
    });
  }
}

/** The error of an answer that is neither Mayfly's nor a problem. */
export function badAnswer(origin: string, status: number): MayflyError {
  return new MayflyError("bad_answer", `${origin} answered ${status}, and not as Mayfly does`, {
    status,
    hint: "check that the URL is that of a Mayfly gateway, with nothing in between that answers itself",
  });
}

/** The error of a call that its caller aborted. */
export function abortedBy(signal: AbortSignal): MayflyError {
  return new MayflyError("aborted", "the call was aborted", { cause: signal.reason });
}
