import type { Clock } from "../../kernel/clock.ts";
import { createOutgoingHttp, type OutgoingAnswer, type OutgoingRequest } from "../../kernel/outgoing-http.ts";

/** What came back, whole. */
export type Answer = OutgoingAnswer;

/** Asks one address. */
export interface Exchange {
  /** @throws Error when there is no whole answer within the bounds; its words hold no header and no body */
  ask(request: OutgoingRequest, signal: AbortSignal): Promise<Answer>;
  close(): void;
}

/** What exchanges may take; left out: what a checkpoint takes. */
export interface ExchangeBounds {
  /** For one in all, milliseconds. */
  readonly timeoutMs: number;
  /** Connections, which wait for the next one. */
  readonly keptConnections: number;
}

/** Checkpoints are minutes apart: no connection waits for the next one. */
const CHECKPOINT_BOUNDS: ExchangeBounds = { timeoutMs: 10_000, keptConnections: 0 };

/** @param ca PEM, in the place of the public CAs */
export function createExchange(
  url: string,
  ca: string | undefined,
  clock: Clock,
  bounds = CHECKPOINT_BOUNDS,
): Exchange {
  const client = createOutgoingHttp({ url, ca, clock, reads: "whole", ...bounds });
  return {
    async ask(request, signal) {
      const outcome = await client.ask(request, signal);
      if (outcome.kind === "failed") throw new Error(outcome.why);
      return outcome.answer;
    },
    close: () => client.close(),
  };
}

/** An answer that is no yes, in words. @param code what the other side calls it, if that is a plain word */
export function refusal(status: number, code?: string): Error {
  const called = code !== undefined && /^[A-Za-z]{1,60}$/.test(code) ? ` (${code})` : "";
  const redirect = status >= 300 && status < 400 ? ": redirects are not followed" : "";
  return new Error(`answered ${status}${called}${redirect}`);
}
