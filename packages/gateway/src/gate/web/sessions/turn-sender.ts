import type { Denial } from "../../protocol.ts";
import type { Decision, TurnSender } from "../../gate.ts";

/** A sender for acts that wait, each by itself, for the turn's one write. */
export interface WaitingSender<Cover> extends TurnSender {
  /** Resolves at the end of the turn: with the decision when the act may leave, else with a denial. */
  wait(decision: Decision<Cover>): Promise<Decision<Cover>>;
}

interface Waiting<Cover> {
  readonly decision: Decision<Cover>;
  readonly resolve: (decision: Decision<Cover>) => void;
}

/** Makes one for a session over HTTP, where many requests are in flight side by side. */
export function createWaitingSender<Cover>(): WaitingSender<Cover> {
  let waiting: Waiting<Cover>[] = [];
  const tell = (denial: Denial | undefined): void => {
    const told = waiting;
    waiting = [];
    for (const { decision, resolve } of told)
      resolve(denial === undefined ? decision : { kind: "deny", denial });
  };
  return {
    wait: (decision) => new Promise((resolve) => waiting.push({ decision, resolve })),
    leave: () => tell(undefined),
    refuse: tell,
  };
}
