/** Names that operations have, so that no two have one. */
export class Names {
  readonly #taken: Set<string>;
  readonly #next = new Map<string, number>();

  constructor(taken: readonly string[]) {
    this.#taken = new Set(taken);
  }

  /** The name itself, or with the first number behind it that makes it another. It is taken from now on. */
  take(wanted: string): string {
    const numbered = (number: number): string => (number === 1 ? wanted : `${wanted}-${number}`);
    let number = this.#next.get(wanted) ?? 1;
    while (this.#taken.has(numbered(number))) number += 1;
    const name = numbered(number);
    this.#next.set(wanted, number + 1);
    this.#taken.add(name);
    return name;
  }
}
