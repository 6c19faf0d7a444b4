import type { Denial } from "../protocol.ts";
import type { TurnSender } from "../gate.ts";

/** A sender for acts that wait, each by itself, for the turn's one write. */
export interface Leaving extends TurnSender {
  /** Resolves at the end of the turn: undefined when the act may leave, else the denial. */
  wait(): Promise<Denial | undefined>;
}

/** Makes one for a session over HTTP, where many requests are in flight side by side. */
export function createLeaving(): Leaving {
  let waiting: ((denial: Denial | undefined) => void)[] = [];
  const tell = (denial: Denial | undefined): void => {
    const told = waiting;
    waiting = [];
    for (const each of told) each(denial);
  };
  return {
    wait: () => new Promise((resolve) => waiting.push(resolve)),
    leave: () => tell(undefined),
    refuse: tell,
  };
}
