import { MAX_REPEATED_BACK } from "../../../gate/gate.ts";
import type { Permit } from "../../../gate/permit.ts";

/** Acts that may be repeated; beyond it all are recorded in full again. */
const MAX_REPEATABLE = 64;
/** An act whose record is longer is recorded in full each time, in characters. */
const MAX_REPEATABLE_CHARACTERS = 2048;

/** The acts of a session that its log holds in full, and that a later record need only refer to. */
export interface Repeats<Cover> {
  /**
   * The act that the one under way repeats; undefined: it is to be recorded in full.
   * @param of what does not differ between the two: a statement and how it is sent
   */
  earlier(of: object): Permit<Cover> | undefined;
  /** An act of the session is about to be recorded, of whatever kind. */
  counted(): void;
  /** An act was permitted and recorded in full. */
  recorded(of: object, permit: Permit<Cover>, detail: string): void;
  /** Records were lost: all are recorded in full again. */
  forget(): void;
}

/** Makes what one session remembers of its own acts. */
export function createRepeats<Cover>(): Repeats<Cover> {
  const known = new Map<object, Permit<Cover>>();
  let acts = 0;
  return {
    earlier: (of) => known.get(of),
    counted() {
      acts += 1;
      if (acts % MAX_REPEATED_BACK === 0) known.clear();
    },
    recorded(of, permit, detail) {
      // What looks like a payload may stand beside the log.
      if (detail.length > MAX_REPEATABLE_CHARACTERS || detail.includes('"payload"')) return;
      if (known.size >= MAX_REPEATABLE) known.clear();
      known.set(of, permit);
    },
    forget: () => known.clear(),
  };
}
