import * as http from "node:http";
import * as https from "node:https";
import type { Clock } from "../../kernel/clock.ts";
import { messageOf } from "../../kernel/errors.ts";
import type { AttemptResult } from "./retry.ts";

/** Sends to one address, and to no other. */
export interface Sender {
  /** One attempt. Never throws; `signal` ends it without an answer. */
  send(body: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<AttemptResult>;
  /** Lets go of its connections. */
  close(): void;
}

interface SentResult extends AttemptResult {
  /** It went into a connection that was closed already. */
  readonly isStale?: boolean;
}

/** What a sender is made of. */
export interface SenderParts {
  readonly url: string;
  /** PEM. */
  readonly ca?: string;
  readonly clock: Clock;
  /** Connections at a time. */
  readonly connections: number;
  /** How long an attempt may take in all, milliseconds. */
  readonly timeout: number;
}

/** An answer is read up to this, so that its connection can be used again, and never looked at; bytes. */
const mostAnswer = 16_384;
/** An answer whose status is known may take this long to end, milliseconds. */
const answerEnd = 1000;

/**
 * Makes a sender over node:http and node:https: they follow no redirect and know no proxy, so that what the operator
 * wrote down is all that is ever spoken to.
 */
export function httpSender({ url, ca, clock, connections, timeout }: SenderParts): Sender {
  const isTls = url.startsWith("https:");
  const common = { keepAlive: true, maxSockets: connections, maxFreeSockets: connections };
  const agent = isTls
    ? new https.Agent({ ...common, minVersion: "TLSv1.2", ...(ca === undefined ? {} : { ca }) })
    : new http.Agent(common);

  function attempt(
    body: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<SentResult> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve({ error: "the gateway stops" });
        return;
      }
      const options = {
        method: "POST",
        agent,
        headers: { ...headers, "content-length": Buffer.byteLength(body) },
        maxHeaderSize: 16_384,
      };
      const request = isTls ? https.request(url, options) : http.request(url, options);
      const end = (result: SentResult): void => {
        cancel();
        signal.removeEventListener("abort", stop);
        resolve(result);
      };
      const cancel = clock.schedule(timeout, () => {
        request.destroy();
        end({ error: `no answer within ${timeout / 1000} s` });
      });
      const stop = (): void => {
        request.destroy();
        end({ error: "the gateway stops" });
      };
      signal.addEventListener("abort", stop);
      request.on("error", (error: NodeJS.ErrnoException) => {
        end({
          error: wordsFor(error),
          // The receiver closed an idle connection while this was on its way into it.
          isStale: request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE"),
        });
      });
      request.on("response", (response) => {
        discard(response, clock);
        const retryAfter = pauseOf(response.headers["retry-after"], clock.wall());
        end({
          status: response.statusCode ?? 0,
          ...(retryAfter === undefined ? {} : { retryAfter }),
        });
      });
      request.end(body);
    });
  }

  return {
    async send(body, headers, signal) {
      const first = await attempt(body, headers, signal);
      return first.isStale === true ? attempt(body, headers, signal) : first;
    },
    close: () => agent.destroy(),
  };
}

/** Reads an answer to its end without keeping it; one that is long or slow loses its connection. */
function discard(response: http.IncomingMessage, clock: Clock): void {
  let bytes = 0;
  const cancel = clock.schedule(answerEnd, () => response.destroy());
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > mostAnswer) response.destroy();
  });
  response.on("error", () => undefined);
  response.on("close", cancel);
}

/** RFC 9110, section 10.2.3: seconds, or a date. @returns milliseconds */
function pauseOf(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** An error in one short line; where several addresses were tried, the first one's. */
function wordsFor(error: NodeJS.ErrnoException): string {
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const said = messageOf(inner) || (error.code ?? "no connection");
  return said.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").slice(0, 200);
}
