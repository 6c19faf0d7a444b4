import type { Evidence, SeenActs } from "../../gate/inventory/inventory.ts";
import type { SeenAct } from "../../gate/inventory/seen.ts";
import type { Denial } from "../../gate/protocol.ts";
import { addTo, noSum, type Sum, Tally } from "./tally.ts";

/** Acts that a configuration would refuse, by one rule and for one reason. */
export interface RefusedActs {
  readonly rule: string;
  readonly message: string;
  readonly evidence: Evidence;
  readonly acts: readonly SeenActs[];
}

/** What is kept of the acts of one reason. */
const BOUNDS = { kinds: 20, characters: 50_000 };
/** The most reasons that are kept apart; what is refused for others counts together. */
const MAX_REASONS = 500;

/** What a configuration makes of acts, counted in bounded memory. */
export class Refusals {
  readonly #likeness: (act: string) => string;
  readonly #reasons = new Map<
    string,
    { readonly rule: string; readonly message: string; readonly tally: Tally; readonly sum: Sum }
  >();
  #covered = 0;
  #refused = 0;

  constructor(likeness: (act: string) => string) {
    this.#likeness = likeness;
  }

  permitted(times: number): void {
    this.#covered += times;
  }

  denied(act: SeenAct, { rule, message }: Pick<Denial, "rule" | "message">): void {
    this.#refused += act.times;
    const isKnown = this.#reasons.has(`${rule}\n${message}`) || this.#reasons.size < MAX_REASONS;
    const said = isKnown ? { rule, message } : { rule: "others", message: "refused for further reasons" };
    const key = `${said.rule}\n${said.message}`;
    const reason = this.#reasons.get(key) ?? {
      ...said,
      tally: new Tally(this.#likeness, BOUNDS),
      sum: noSum(),
    };
    addTo(reason.sum, act);
    reason.tally.add(act);
    this.#reasons.set(key, reason);
  }

  get covered(): number {
    return this.#covered;
  }

  get refused(): number {
    return this.#refused;
  }

  /** The most frequent first. */
  get all(): readonly RefusedActs[] {
    return [...this.#reasons.values()]
      .toSorted((one, other) => other.sum.times - one.sum.times)
      .map(({ rule, message, tally, sum }) => {
        const { times, by, first, last } = sum;
        const acts = tally.all;
        const span = first === undefined || last === undefined ? {} : { first, last };
        return { rule, message, acts, evidence: { kinds: acts.length, times, by, ...span } };
      });
  }
}
