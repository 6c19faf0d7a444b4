import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Clock } from "../../../kernel/clock.ts";
import { createOutgoingHttp, type OutgoingAnswer } from "../../../kernel/outgoing-http.ts";

/**
 * What a receiver answered. Its words go no further: a receiver may say back what it was sent, the secret of a header or a
 * part of it, and the operator's log is no place for that.
 */
export type HttpAnswer = OutgoingAnswer;

/** Posts to exactly one host. */
export interface HttpPost {
  /** @returns the answer, or in words why there is none. Never throws */
  post(
    url: string,
    body: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<HttpAnswer | string>;
  close(): void;
}

/** An answer, whole, may take so long, milliseconds. */
const ANSWER_TIMEOUT_MS = 30_000;

const compress = promisify(gzip);

/** @param ca PEM of the CA that signed the receiver's certificate; undefined: a public one */
export function httpPost(url: string, ca: string | undefined, clock: Clock): HttpPost {
  const client = createOutgoingHttp({
    url,
    ca,
    clock,
    keptConnections: 1,
    timeoutMs: ANSWER_TIMEOUT_MS,
    reads: "whole",
  });
  return {
    async post(to, body, headers, signal) {
      const bytes = await compress(body);
      const outcome = await client.ask(
        { method: "POST", url: to, headers: { ...headers, "content-encoding": "gzip" }, body: bytes },
        signal,
      );
      return outcome.kind === "answered" ? outcome.answer : outcome.why;
    },
    close: () => client.close(),
  };
}

/** An answer's body as a JSON object; undefined: it is none. */
export function jsonObject(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
