import type { SeenActs } from "../../gate/inventory/inventory.ts";
import type { SeenAct } from "../../gate/inventory/seen.ts";
import { type BoundedMap, boundedMap } from "../../kernel/bounded-map.ts";

/** The most kinds of acts that are kept, and the characters of their texts together: whoever writes a log may write anything. */
const BOUNDS = { kinds: 50_000, characters: 64_000_000 };
/** How many names of one kind's doers are kept; others count together. */
const MAX_NAMES = 50;
/** Stands for those. */
export const OTHERS = "others";

/** The longest of them, in characters. */
const MAX_NAME = 200;
/** The last moment that a date can name, milliseconds since the epoch (ECMA-262, section 21.4.1.1). */
const MAX_TIME = 8.64e15;

/** Acts together. */
export interface Sum {
  times: number;
  readonly by: Map<string, number>;
  first: number | undefined;
  last: number | undefined;
}

export const noSum = (): Sum => ({ times: 0, by: new Map(), first: undefined, last: undefined });

/** Adds an act. */
export function addTo(sum: Sum, { by, at, times }: Omit<SeenAct, "act">): void {
  sum.times += times;
  const name = by.slice(0, MAX_NAME);
  const who = sum.by.has(name) || sum.by.size < MAX_NAMES ? name : OTHERS;
  sum.by.set(who, (sum.by.get(who) ?? 0) + times);
  // A log may say any time: what is none is left out.
  if (at === undefined || !(Math.abs(at) <= MAX_TIME)) return;
  sum.first = Math.min(sum.first ?? at, at);
  sum.last = Math.max(sum.last ?? at, at);
}

interface Kind extends Sum {
  readonly act: string;
}

/** Acts as they were seen, those that are alike counted together, in bounded memory. */
export class Tally {
  readonly #likeness: (act: string) => string;
  readonly #kinds = new Map<string, Kind>();
  readonly #bounds: typeof BOUNDS;
  readonly #keys: BoundedMap<string>;
  #characters = 0;
  #leftOut = 0;

  /** @param likeness what stands for all acts that are alike */
  constructor(likeness: (act: string) => string, bounds = BOUNDS) {
    this.#likeness = likeness;
    this.#bounds = bounds;
    this.#keys = boundedMap(Math.min(bounds.kinds, 1000), Math.min(bounds.characters, 1_000_000));
  }

  add(seen: SeenAct): void {
    const { act, times } = seen;
    const key = this.#keyOf(act);
    let kind = this.#kinds.get(key);
    if (kind === undefined) {
      const characters = act.length + key.length;
      if (this.#kinds.size >= this.#bounds.kinds || this.#characters + characters > this.#bounds.characters) {
        this.#leftOut += times;
        return;
      }
      this.#characters += characters;
      kind = { act, ...noSum() };
      this.#kinds.set(key, kind);
    }
    addTo(kind, seen);
  }

  /** Programs send the same text again and again. */
  #keyOf(act: string): string {
    const known = this.#keys.get(act);
    if (known !== undefined) return known;
    const key = this.#likeness(act);
    this.#keys.set(act, key, act.length + key.length);
    return key;
  }

  /** How many acts of further kinds there was no room for. */
  get leftOut(): number {
    return this.#leftOut;
  }

  get all(): readonly SeenActs[] {
    return [...this.#kinds.values()].map(({ act, times, by, first, last }) => ({
      act,
      times,
      by,
      ...(first === undefined ? {} : { first }),
      ...(last === undefined ? {} : { last }),
    }));
  }
}
