/** A map that forgets what was not used for longest, bounded in entries and in weight. */
export class Recent<Value> {
  readonly #entries = new Map<string, { readonly value: Value; readonly weight: number }>();
  readonly #most: number;
  readonly #heaviest: number;
  #weight = 0;

  constructor(most: number, heaviest: number) {
    this.#most = most;
    this.#heaviest = heaviest;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Keeps a value; one heavier than a tenth of everything is not kept. */
  set(key: string, value: Value, weight: number): void {
    if (weight > this.#heaviest / 10) return;
    this.#remove(key);
    this.#entries.set(key, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#most && this.#weight <= this.#heaviest) return;
      this.#remove(oldest);
    }
  }

  /** How much is kept, for tests. */
  get kept(): { readonly entries: number; readonly weight: number } {
    return { entries: this.#entries.size, weight: this.#weight };
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#weight -= entry.weight;
  }
}
