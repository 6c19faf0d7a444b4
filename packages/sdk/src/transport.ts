import { MayflyError } from "./errors.ts";

/** The largest answer that is read, bytes. */
export const MAX_ANSWER_BYTES = 16_777_216;

/** One request. */
export interface Outgoing {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Sent every few seconds: over a connection that is kept for it, where the transport can. */
  readonly isFrequent?: boolean;
  /** The proof of a bound token covers the body too. */
  readonly signsBody?: boolean;
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

/** A request's body as it is sent, where it has one. */
export function payloadOf({ body }: Outgoing): string | undefined {
  return body === undefined ? undefined : JSON.stringify(body);
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

/** What answers are asked for as. */
export const ACCEPT_ANSWER = "application/json, application/problem+json";
/** The same of one that does not end by itself. */
export const ACCEPT_STREAM = "text/event-stream, application/problem+json";
/** How long an answer may take where the call does not say. */
const ANSWER_MS = 30_000;

/**
 * Runs a call within its time.
 * @param call given what aborts when the caller gives up or the time is over
 * @param unreachable makes the error of a gateway that did not answer
 * @throws MayflyError alone
 */
export async function withinTime<T>(
  { signal, timeout = ANSWER_MS }: Pick<Outgoing, "signal" | "timeout">,
  unreachable: (cause: unknown) => MayflyError,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = AbortSignal.timeout(timeout);
  try {
    return await call(signal === undefined ? late : AbortSignal.any([signal, late]));
  } catch (cause) {
    throw failureOf(cause, signal, unreachable, late);
  }
}

/**
 * The error of a call that failed.
 * @param signal the caller's own
 * @param unreachable makes the error of a gateway that did not answer
 * @param timeout the call's, where it has one
 */
export function failureOf(
  cause: unknown,
  signal: AbortSignal | undefined,
  unreachable: (cause: unknown) => MayflyError,
  timeout?: AbortSignal,
): MayflyError {
  if (cause instanceof MayflyError) return cause;
  if (signal?.aborted === true)
    return new MayflyError("aborted", "the call was aborted", { cause: signal.reason });
  return unreachable(timeout?.aborted === true ? new Error("no answer in time") : cause);
}
