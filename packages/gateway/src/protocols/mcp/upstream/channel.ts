import type { Fields, OwnMessage, OwnRequest } from "./messages.ts";

/** A server's answer. */
export interface Answer {
  readonly result: Fields;
  /** How much it is, as far as that is known. */
  readonly bytes: number;
}

/** Told once of what became of a request: its answer, or an error. */
export type Settle = (error: unknown, answer?: Answer) => void;

/** How messages reach one server and come back, whatever carries them. */
export interface Channel {
  /**
   * Sends a request.
   * @param traceparent the call's span, for the head of what carries it
   * @param settle never called before this has returned
   * @returns gives the request up: `settle` is not called any more
   */
  ask(request: OwnRequest, traceparent: string | undefined, settle: Settle): () => void;
  /**
   * Sends what has no answer.
   * @param settle told once whether the server took it; never called before this has returned
   * @returns gives it up: `settle` is not called any more
   */
  tell(message: OwnMessage, settle: (error: unknown) => void): () => void;
  /** Sends what has no answer and nobody waits for, unless too much of it is on its way already. */
  mention(message: OwnMessage): void;
  /** Whether nothing can be sent any more. */
  readonly isOver: boolean;
  /** What a request that took too long fails with. */
  late(): Error;
  /** Says which version was agreed on, from which on every message names it. */
  agreed(version: string): void;
  /** Ends it, and whatever is under way on it. */
  close(): Promise<void>;
}
