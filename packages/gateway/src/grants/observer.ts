import type { GrantEvent, RequestState } from "./states.ts";

/** Told of what happens here, for metrics. Nothing that it does may fail. */
export interface GrantObserver {
  /** A grant ended here, by what. */
  ended(event: GrantEvent): void;
  /**
   * The policies decided a new request.
   * @param state what it became: approved at once, pending, denied
   * @param milliseconds that they took
   */
  judged(state: RequestState, milliseconds: number): void;
  /**
   * A pending request was decided here, or came to another end.
   * @param milliseconds since it was made
   */
  decided(state: RequestState, milliseconds: number): void;
}

/** For whoever counts nothing. */
export const observingNothing: GrantObserver = {
  ended: () => undefined,
  judged: () => undefined,
  decided: () => undefined,
};

/** How much there is now, of all gateways on the store. */
export interface GrantCounts {
  /** Live grants. */
  readonly active: number;
  /** Requests that wait for somebody to decide. */
  readonly pending: number;
}
