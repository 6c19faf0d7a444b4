interface Entry<Value> {
  readonly value: Value;
  readonly weight: number;
}

/**
 * A map that forgets what was not used lately, bounded in entries and in weight. Two generations: what is used in the
 * old one moves to the young one, and when the young one is half of everything, the old one goes. A hit costs one
 * look-up and moves nothing.
 */
export class Recent<Value> {
  #young = new Map<string, Entry<Value>>();
  #old = new Map<string, Entry<Value>>();
  #youngWeight = 0;
  #oldWeight = 0;
  readonly #most: number;
  readonly #heaviest: number;

  constructor(most: number, heaviest: number) {
    this.#most = most / 2;
    this.#heaviest = heaviest / 2;
  }

  get(key: string): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young.value;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.#oldWeight -= old.weight;
    this.#add(key, old);
    return old.value;
  }

  /** Keeps a value under a key that is not kept yet; one heavier than a tenth of a generation is not kept. */
  set(key: string, value: Value, weight: number): void {
    if (weight > this.#heaviest / 10 || this.#young.has(key) || this.#old.has(key)) return;
    this.#add(key, { value, weight });
  }

  /** How much is kept, for tests. */
  get kept(): { readonly entries: number; readonly weight: number } {
    return { entries: this.#young.size + this.#old.size, weight: this.#youngWeight + this.#oldWeight };
  }

  #add(key: string, entry: Entry<Value>): void {
    if (this.#young.size >= this.#most || this.#youngWeight + entry.weight > this.#heaviest) {
      this.#old = this.#young;
      this.#oldWeight = this.#youngWeight;
      this.#young = new Map();
      this.#youngWeight = 0;
    }
    this.#young.set(key, entry);
    this.#youngWeight += entry.weight;
  }
}
