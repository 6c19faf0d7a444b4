import type { Clock } from "../../kernel/clock.ts";
import { createOutgoingHttp } from "../../kernel/outgoing-http.ts";
import type { AttemptResult } from "./retry.ts";

/** Sends to exactly one address. */
export interface Sender {
  /** One attempt. Never throws; `signal` ends it without an answer. */
  send(body: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<AttemptResult>;
  /** Lets go of its connections. */
  close(): void;
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

/** Makes one: of an answer its status counts, and how long it asks to be left alone. */
export function httpSender({ url, ca, clock, connections, timeout }: SenderParts): Sender {
  const client = createOutgoingHttp({
    url,
    ca,
    clock,
    keptConnections: connections,
    timeoutMs: timeout,
    reads: "head",
  });
  return {
    async send(body, headers, signal) {
      const outcome = await client.ask({ method: "POST", url, headers, body }, signal);
      if (outcome.kind === "failed") return { error: outcome.why };
      const { status, retryAfter } = outcome.answer;
      return { status, ...(retryAfter === undefined ? {} : { retryAfter }) };
    },
    close: () => client.close(),
  };
}
