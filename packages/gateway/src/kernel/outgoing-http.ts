import * as http from "node:http";
import * as https from "node:https";
import type { Clock } from "./clock.ts";
import { retryAfterOf } from "./retry-after.ts";

/** One request to the configured address. */
export interface OutgoingRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Not sent with GET. */
  readonly body: string | Buffer;
  /** The most bytes of its answer that are read; left out: 64 KiB. */
  readonly maxAnswerBytes?: number;
}

/** What came back. Its words are the receiver's: it may say back what it was sent, a secret in a header too. */
export interface OutgoingAnswer {
  readonly status: number;
  /** Milliseconds. */
  readonly retryAfter: number | undefined;
  /** As the receiver wrote it; empty where it wrote none. */
  readonly contentType: string;
  /** Empty where only the head is read, and where it is longer than a text of 64 KiB. */
  readonly body: string;
  /** All of it, as it came. */
  readonly bytes: Buffer;
}

/** An answer, or in words why there is none; these hold nothing of the request's headers and body. */
export type Outcome =
  | { readonly kind: "answered"; readonly answer: OutgoingAnswer }
  | { readonly kind: "failed"; readonly why: string };

/** What an outgoing client is made of. */
export interface OutgoingParts {
  /** An address of the kind that is asked: tells the protocol. */
  readonly url: string;
  /** PEM, in the place of the public CAs. */
  readonly ca: string | undefined;
  readonly clock: Clock;
  /** Connections at a time; 0: one for each request, closed behind it. */
  readonly keptConnections: number;
  /** How long one request may take in all, milliseconds. */
  readonly timeoutMs: number;
  /** Whether an answer is waited for to its end, or its head is enough. */
  readonly reads: "whole" | "head";
}

/** Asks configured addresses. */
export interface OutgoingHttp {
  /** Never throws; `signal` ends it without an answer. */
  ask(request: OutgoingRequest, signal: AbortSignal): Promise<Outcome>;
  /** Lets go of its connections. */
  close(): void;
}

/** The most bytes of an answer that are read, unless its asker expects more. */
const MAX_ANSWER_BYTES = 65_536;
const MAX_HEADER_BYTES = 16_384;
/** Connections at a time where none is kept. */
const MAX_SINGLE_CONNECTIONS = 2;
/** How long an answer may take to end once its head was enough, milliseconds: then its connection can be used again. */
const ANSWER_END_MS = 1000;
const MAX_WORDS = 200;

interface Attempt {
  readonly outcome: Outcome;
  /** The receiver had closed the idle connection when this was on its way into it. */
  readonly isStale: boolean;
}

const noBytes = Buffer.alloc(0);

const failed = (why: string): Outcome => ({ kind: "failed", why });

/**
 * Makes a client over node:http and node:https, which follow no redirect and use no proxy: only the configured address is
 * contacted. TLS is verified whatever NODE_TLS_REJECT_UNAUTHORIZED says.
 */
export function createOutgoingHttp(parts: OutgoingParts): OutgoingHttp {
  const { url, timeoutMs, clock } = parts;
  const isTls = url.startsWith("https:");
  const agent = agentOf(isTls, parts);

  function attempt(request: OutgoingRequest, signal: AbortSignal): Promise<Attempt> {
    const { promise, resolve } = Promise.withResolvers<Attempt>();
    const { method, headers, body } = request;
    const hasBody = method !== "GET";
    const options = {
      method,
      agent,
      maxHeaderSize: MAX_HEADER_BYTES,
      headers: { ...headers, ...(hasBody ? { "content-length": Buffer.byteLength(body) } : {}) },
    };
    const sent = isTls ? https.request(request.url, options) : http.request(request.url, options);
    const end = (outcome: Outcome, isStale = false): void => {
      cancel();
      signal.removeEventListener("abort", stop);
      // An answer before the end of the request: what is left of it would hold up the next one for ever.
      if (outcome.kind === "failed" || !sent.writableFinished) sent.destroy();
      resolve({ outcome, isStale });
    };
    const stop = (): void => end(failed("the gateway stops"));
    const whole = parts.reads === "whole" ? "whole " : "";
    const cancel = clock.schedule(timeoutMs, () =>
      end(failed(`no ${whole}answer within ${timeoutMs / 1000} s`)),
    );
    signal.addEventListener("abort", stop);
    sent.on("error", (error: NodeJS.ErrnoException) => {
      end(
        failed(wordsOf(error)),
        sent.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE"),
      );
    });
    sent.on("response", (response) => {
      if (parts.reads === "head") {
        end({ kind: "answered", answer: answerOf(response, noBytes, clock) });
        discard(response, clock);
      } else
        readWhole(
          response,
          { clock, maxAnswerBytes: request.maxAnswerBytes ?? MAX_ANSWER_BYTES },
          (outcome) => {
            const isTaken = outcome.kind === "answered" && outcome.answer.status < 300;
            end(isTaken && !sent.writableFinished ? failed("answered before it had everything") : outcome);
          },
        );
    });
    sent.end(hasBody ? body : undefined);
    return promise;
  }

  return {
    async ask(request, signal) {
      if (signal.aborted) return failed("the gateway stops");
      const first = await attempt(request, signal);
      return first.isStale ? (await attempt(request, signal)).outcome : first.outcome;
    },
    close: () => agent.destroy(),
  };
}

function agentOf(isTls: boolean, { ca, keptConnections }: OutgoingParts): http.Agent {
  const common =
    keptConnections === 0
      ? { keepAlive: false, maxSockets: MAX_SINGLE_CONNECTIONS }
      : { keepAlive: true, maxSockets: keptConnections, maxFreeSockets: keptConnections };
  // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
  const verified = { minVersion: "TLSv1.2", rejectUnauthorized: true } as const;
  return isTls
    ? new https.Agent({ ...common, ...verified, ...(ca === undefined ? {} : { ca }) })
    : new http.Agent(common);
}

function answerOf(
  { statusCode, headers }: http.IncomingMessage,
  bytes: Buffer,
  clock: Clock,
): OutgoingAnswer {
  return {
    status: statusCode ?? 0,
    retryAfter: retryAfterOf(headers["retry-after"], clock.wall()),
    contentType: headers["content-type"] ?? "",
    body: bytes.length > MAX_ANSWER_BYTES ? "" : bytes.toString("utf8"),
    bytes,
  };
}

function readWhole(
  response: http.IncomingMessage,
  { clock, maxAnswerBytes }: { readonly clock: Clock; readonly maxAnswerBytes: number },
  end: (outcome: Outcome) => void,
): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes)
      end(failed(`answered ${response.statusCode} with more than ${maxAnswerBytes} bytes`));
    else chunks.push(chunk);
  });
  response.on("error", () => end(failed(`answered ${response.statusCode}, and broke off`)));
  response.on("end", () =>
    end({ kind: "answered", answer: answerOf(response, Buffer.concat(chunks), clock) }),
  );
}

/** Reads an answer to its end without keeping it; one that is long or slow loses its connection. */
function discard(response: http.IncomingMessage, clock: Clock): void {
  let bytes = 0;
  const cancel = clock.schedule(ANSWER_END_MS, () => response.destroy());
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) response.destroy();
  });
  response.on("error", () => undefined);
  response.on("close", cancel);
}

/** One short line; where several addresses were tried, of the first one. */
function wordsOf(error: NodeJS.ErrnoException): string {
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const { code, message } = inner as NodeJS.ErrnoException;
  const said = code === undefined || message.includes(code) ? message : `${code}: ${message}`;
  return (said || "no connection").replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ").slice(0, MAX_WORDS);
}
